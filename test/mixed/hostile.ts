import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Dice } from "../support/dice.ts";
import { BROKEN_KINDS } from "./hostile-upstream.ts";
import { HANGING_ZONE, type World } from "./world.ts";

const MIB = 2 ** 20;
const KIB = 1024;

export interface HostileKind {
  name: string;
  /** How many run at once. */
  lanes: number;
  /** Runs only if names can be made to hang. */
  needsNames?: true;
  /** One attack of this kind from beginning to end. `signal` cuts its waits short. */
  attack: (world: World, dice: Dice, signal: AbortSignal) => Promise<unknown>;
}

/** Waits this long, or until everything is over. */
const hold = (ms: number, signal: AbortSignal) => sleep(ms, null, { signal }).catch(() => {});

/** A request for which the caller determines everything. Its errors are the caller's own fault. */
function open(url: string, method: string, fields: string[] = []): ClientRequest {
  const { hostname, port, host } = new URL(url);
  const path = url.slice(url.indexOf("/", "http://".length));
  const headers = ["host", host, ...fields];
  const request = httpRequest({ hostname, port, path, method, headers, agent: false });
  request.on("error", () => {});
  return request;
}

/** Resolves once there is an answer, an error or an end. */
const settled = (request: ClientRequest) =>
  new Promise<void>((resolve) => {
    request.on("response", (response) => {
      response.on("error", () => {});
      response.on("close", resolve);
      response.resume();
    });
    request.on("error", () => resolve());
    request.on("close", () => resolve());
  });

async function dial(url: string): Promise<WebSocket | null> {
  const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: false, maxPayload: 32 * MIB });
  socket.on("error", () => {});
  await Promise.race([once(socket, "open").catch(() => {}), once(socket, "close").catch(() => {})]);
  return socket.readyState === WebSocket.OPEN ? socket : null;
}

/** How a client leaves, politely or not. */
async function leave(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = once(socket, "close");
  socket.terminate();
  await closed;
}

export const HOSTILE_KINDS: readonly HostileKind[] = [
  {
    name: "slow reader",
    lanes: 12,
    attack: async (world, dice, signal) => {
      const request = open(world.url("HOSTILE", "hostile-api", "/endless"), "GET");
      request.end();
      request.on("response", (response) => {
        response.on("error", () => {});
        response.pause();
      });
      await hold(500 + dice.below(4_000), signal);
      request.destroy();
    },
  },
  {
    name: "stalled upload",
    lanes: 12,
    attack: async (world, dice, signal) => {
      const fields = ["content-length", String(8 * MIB)];
      const request = open(world.url("HOSTILE", "hostile-api", "/deaf"), "POST", fields);
      request.write(Buffer.alloc(dice.below(MIB)));
      await hold(500 + dice.below(4_000), signal);
      request.destroy();
    },
  },
  {
    name: "WebSocket whose upstream does not read",
    lanes: 4,
    attack: async (world, dice, signal) => {
      const socket = await dial(world.url("HOSTILE", "hostile-api", "/deaf"));
      if (socket === null) return hold(200, signal);
      for (let sent = 0; sent < 6 && socket.readyState === WebSocket.OPEN; sent++) {
        socket.send(Buffer.alloc(dice.below(2 * MIB)));
      }
      await Promise.race([hold(500 + dice.below(4_000), signal), once(socket, "close")]);
      await leave(socket);
    },
  },
  {
    name: "flood of empty messages",
    lanes: 2,
    attack: async (world, dice, signal) => {
      const socket = await dial(world.url("HOSTILE", "hostile-api", "/deaf"));
      if (socket === null) return hold(200, signal);
      for (let sent = 0; sent < 10 && socket.readyState === WebSocket.OPEN && !signal.aborted; sent++) {
        for (let count = 0; count < 2_000; count++) socket.send("");
        await hold(20, signal);
      }
      await Promise.race([hold(dice.below(1_000), signal), once(socket, "close")]);
      await leave(socket);
    },
  },
  {
    name: "upstream that shouts at a client that does not read",
    lanes: 2,
    attack: async (world, dice, signal) => {
      const socket = await dial(world.url("HOSTILE", "hostile-api", "/shout"));
      if (socket === null) return hold(200, signal);
      socket.pause();
      await hold(500 + dice.below(3_000), signal);
      await leave(socket);
    },
  },
  {
    name: "event streams",
    lanes: 520,
    attack: async (world, dice, signal) => {
      const request = open(world.url("HOSTILE", "hostile-api", "/events"), "GET");
      request.end();
      request.on("response", (response) => response.on("error", () => {}).resume());
      await hold(2_000 + dice.below(8_000), signal);
      request.destroy();
    },
  },
  {
    name: "wrong key",
    lanes: 2,
    attack: async (world, dice, signal) => {
      const made = () => randomBytes(24).toString("base64url").toLowerCase();
      const tunnel = dice.pick(
        world.tunnelId,
        world.tunnelId,
        `tnl_${made()
          .replaceAll(/[^a-z]/g, "a")
          .slice(0, 20)}`,
      );
      const key = dice.pick(`${world.gatewayKey.slice(0, -4)}aaaa`, made(), "");
      const url = `${world.relayUrl}/~/${tunnel}/api/work?id=guess&bytes=1`;
      await fetch(url, { headers: { "culvert-gateway-key": key }, signal })
        .then((response) => response.arrayBuffer())
        .catch(() => {});
      await hold(20, signal);
    },
  },
  {
    name: "loop",
    lanes: 1,
    attack: async (world, dice, signal) => {
      const request = open(world.url("HOSTILE", "loop-api", `/${dice.below(1_000)}`), "GET");
      request.end();
      await Promise.race([settled(request), hold(10_000, signal)]);
      request.destroy();
    },
  },
  {
    name: "hanging name",
    lanes: 16,
    needsNames: true,
    attack: async (world, dice, signal) => {
      const request = open(world.url("HOSTILE", `h${dice.below(1_000_000)}.${HANGING_ZONE}`, "/"), "GET");
      request.end();
      await Promise.race([settled(request), hold(5_000, signal)]);
      request.destroy();
    },
  },
  {
    name: "cancel",
    lanes: 8,
    attack: async (world, dice, signal) => {
      const path = dice.pick("/endless", "/deaf", "/events", "/");
      const request = open(world.url("HOSTILE", "hostile-api", path), dice.pick("GET", "POST"));
      request.write("x".repeat(dice.below(1_000)));
      if (dice.below(2) === 0) request.end();
      await hold(dice.below(30), signal);
      request.destroy();
    },
  },
  {
    name: "odd fields and paths",
    lanes: 2,
    attack: async (world, dice, signal) => {
      const many = Array.from({ length: 200 + dice.below(200) }, (_, number) => [`x-${number}`, "v"]).flat();
      const fields = dice.pick(
        many,
        ["x-large", "v".repeat(40 * KIB)],
        ["connection", "host, authorization, x-forwarded-for", "x-forwarded-for", "1.2.3.4"],
        ["X_Forwarded_Host", "evil.example", "Culvert_Project", "honest"],
        ["content-length", "5", "transfer-encoding", "chunked"],
        ["cdn-loop", "a, b; c, culvert"],
        ["x-bytes", "caf\xe9 \xff"],
      );
      const path = dice.pick("/", `/${"long/".repeat(4 * KIB)}`, "/..%2f..%00/", "/%zz?%", "/a%0d%0ab");
      const request = open(world.url("HOSTILE", "hostile-api", path), "GET", fields);
      request.end();
      await Promise.race([settled(request), hold(10_000, signal)]);
      request.destroy();
    },
  },
  {
    name: "broken upstream",
    lanes: 4,
    attack: async (world, dice, signal) => {
      const url = world.url("HOSTILE", "broken-api", `/${dice.below(2 * BROKEN_KINDS)}`);
      if (dice.below(3) === 0) {
        const socket = await Promise.race([dial(url), hold(2_000, signal).then(() => null)]);
        if (socket !== null) await leave(socket);
        return;
      }
      const request = open(url, "GET");
      request.end();
      await Promise.race([settled(request), hold(dice.below(2_000), signal)]);
      request.destroy();
    },
  },
];
