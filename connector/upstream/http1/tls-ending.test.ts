import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createSecureContext, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { trustedIdentity } from "../../../test/support/tls-identities.ts";
import { throwFault } from "../../../test/support/throw-fault.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { nodeClock } from "../../platform/node-clock.ts";
import { Names } from "../../names/names.ts";
import { parseAllowlist, UpstreamPolicy } from "../policy.ts";
import { DEFAULT_UPSTREAM } from "../upstream-rules.ts";
import { Upstream, type UpstreamExchange } from "../upstream.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
const QUIET_TURNS = 50;

type Ending = "said" | "said, the connection stays" | "said later" | "cut" | "cut later";

/** Answers over TLS and ends as it is told to. What may cut is between client and server, and knows nothing of TLS. */
async function tlsServer(
  version: (typeof VERSIONS)[number],
  answer: Buffer,
  ending: Ending,
): Promise<string> {
  const fronts = new Map<number, Socket>();
  const server = createTlsServer({ ...trustedIdentity, minVersion: version, maxVersion: version });
  server.on("secureConnection", (socket: TLSSocket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      const end = (): void => {
        if (ending.startsWith("said")) socket.end();
        else fronts.get(socket.remotePort ?? 0)?.emit("cut");
      };
      socket.write(answer, () => (ending.endsWith("later") ? setTimeout(end, 30) : end()));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const front = createServer({ allowHalfOpen: true }, (client) => {
    const back = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
    for (const socket of [client, back]) socket.on("error", () => {});
    back.on("connect", () => fronts.set(back.localPort ?? 0, client));
    client.on("cut", () => {
      // All of them are in this process: what nobody moves in so many turns is not under way.
      let [quietTurns, movedBytes] = [0, -1];
      const look = (): void => {
        const nowBytes = back.bytesRead - client.writableLength;
        const isQuiet = nowBytes === movedBytes && client.writableLength === 0;
        quietTurns = isQuiet ? quietTurns + 1 : 0;
        movedBytes = nowBytes;
        if (quietTurns < QUIET_TURNS) setImmediate(look);
        else client.end();
      };
      look();
    });
    client.pipe(back, { end: false });
    back.pipe(client, { end: ending === "said" || ending === "said later" });
    client.on("close", () => back.destroy());
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  closing.push(() => {
    front.close();
    server.close();
    for (const client of fronts.values()) client.destroy();
  });
  return `https://localhost:${(front.address() as AddressInfo).port}`;
}

function upstream(): Upstream {
  const list = parseAllowlist("*");
  if (!list.ok) throw new Error(list.problems.join("; "));
  const context = createSecureContext({ ca: trustedIdentity.cert });
  const settings = { ...DEFAULT_UPSTREAM, tls: { context, serverName: null, insecure: false } };
  const rules = [{ pattern: "*", host: { kind: "any" } as const, settings }];
  return new Upstream({
    ...{
      policy: new UpstreamPolicy(list.rules),
      limits: new Map(),
      rules,
      clock: nodeClock,
      names: new Names({ clock: nodeClock }),
    },
    reportFault: throwFault,
    memory: memoryOf(),
  });
}

/** `slowly`: pauses at each piece for a while. */
function get(target: string, { method = "GET", slowly = false } = {}): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let bytes = 0;
  let outcome = "";
  const exchange: UpstreamExchange = upstream().request(
    { ...{ caller: "test", service: "test", target, method, path: "/", rawHeaders: [], body: null } },
    {
      onResponse: (status) => void (outcome = `${status}`),
      onData(piece) {
        bytes += piece.byteLength;
        if (!slowly) return;
        exchange.pause();
        setTimeout(() => exchange.resume(), 1);
      },
      onEnd: () => void (outcome += `, whole: ${bytes}`),
      onError: ({ message }) => void (outcome += `, broken: ${bytes}: ${message}`),
      onTornDown: () => resolve(outcome),
    },
  );
  return promise;
}

const answer = (bytes: number, fields = "") =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n`), Buffer.alloc(bytes, "x")]);

describe.each(VERSIONS)("over %s", (version) => {
  describe.each([0, 5, 16_384 - 19, 65_536, 300_000])("a body of %d bytes without a length", (bytes) => {
    it.each<[Ending, boolean]>([
      ["said", true],
      ["said, the connection stays", true],
      ["said later", true],
      ["cut", false],
      ["cut later", false],
    ])("whose end is %s", async (ending, whole) => {
      const target = await tlsServer(version, answer(bytes), ending);
      for (const slowly of [false, true]) {
        const outcome = await get(target, { slowly });
        if (whole) expect(outcome).toBe(`200, whole: ${bytes}`);
        else expect(outcome).toContain(`200, broken: ${bytes}: `);
        if (!whole) expect(outcome).toContain("close_notify");
      }
    });
  });

  it("a body with a length is complete without a close_notify", async () => {
    const zero = await tlsServer(version, answer(0, "content-length: 0\r\n"), "cut");
    expect(await get(zero)).toBe("200, whole: 0");
    const five = await tlsServer(version, answer(5, "content-length: 5\r\n"), "cut");
    expect(await get(five)).toBe("200, whole: 5");
    const head = await tlsServer(version, answer(0), "cut");
    expect(await get(head, { method: "HEAD" })).toBe("200, whole: 0");
  });
});
