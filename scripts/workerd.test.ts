import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startWorkerd, type WorkerdProcess } from "./workerd.ts";

/** Answers with its bindings and props, and counts its requests in SQLite. */
const RELAY = `
  import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
  export class Tunnel extends DurableObject {
    fetch() {
      const [client, server] = Object.values(new WebSocketPair());
      this.ctx.acceptWebSocket(server);
      return new Response(null, { status: 101, webSocket: client });
    }
  }
  export class Registry extends DurableObject {
    count() {
      this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS calls (at INTEGER)");
      this.ctx.storage.sql.exec("INSERT INTO calls VALUES (0)");
      return this.ctx.storage.sql.exec("SELECT count(*) AS calls FROM calls").one().calls;
    }
  }
  export class TunnelBinding extends WorkerEntrypoint {
    fetch() { return Response.json(this.ctx.props); }
  }
  export default {
    async fetch(request, { TUNNEL, REGISTRY, TELEMETRY: _, ...texts }) {
      if (request.headers.has("upgrade")) return TUNNEL.getByName("a").fetch(request);
      if (request.url.endsWith("/count")) return Response.json(await REGISTRY.getByName("a").count());
      return Response.json(texts);
    },
  };`;

const GATEWAY = `
  export default {
    fetch(request, { TUNNEL, ...texts }) {
      return request.url.endsWith("/props") ? TUNNEL.fetch(request) : Response.json(texts);
    },
  };`;

const AWKWARD = 'quote " backslash \\ newline \n tab \t nul \0 é 😀';

/** The environment cannot contain a NUL. */
const AWKWARD_KEY = AWKWARD.replace("\0", "");

let directory: string;
let bundlePath: string;
let running: WorkerdProcess[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-workerd-test-"));
  bundlePath = join(directory, "relay.js");
  await writeFile(bundlePath, RELAY);
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((workerd) => workerd.kill()));
  await rm(directory, { recursive: true, force: true });
});

async function start(extra: Partial<Parameters<typeof startWorkerd>[0]> = {}): Promise<WorkerdProcess> {
  const persistDir = join(directory, "state");
  const workerd = await startWorkerd({ relay: { bundlePath, adminKey: AWKWARD_KEY }, persistDir, ...extra });
  running.push(workerd);
  return workerd;
}

async function json(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

describe("startWorkerd", () => {
  it("passes keys, texts and props on unchanged", async () => {
    const gatewayPath = join(directory, "gateway.js");
    await writeFile(gatewayPath, GATEWAY);
    const { url, gatewayUrls } = await start({
      relay: { bundlePath, adminKey: AWKWARD_KEY, vars: { TEXT: AWKWARD } },
      gateways: [
        {
          name: "one",
          bundlePath: gatewayPath,
          tunnelBindings: [{ binding: "TUNNEL", props: { tunnel: AWKWARD } }],
          vars: { TEXT: AWKWARD },
        },
      ],
    });
    expect(await json(url)).toEqual({ ADMIN_KEY: AWKWARD_KEY, PRIVATE_ADDRESSES: "off", TEXT: AWKWARD });
    expect(await json(`${gatewayUrls["one"]}/props`)).toEqual({ tunnel: AWKWARD });
    expect(await json(`${gatewayUrls["one"]}`)).toEqual({ TEXT: AWKWARD });
  });

  it("keeps the objects' storage after a crash", async () => {
    const first = await start();
    expect(await json(`${first.url}/count`)).toBe(1);
    await first.kill();
    const second = await start();
    expect(await json(`${second.url}/count`)).toBe(2);
  });

  it("ends on SIGTERM, and by SIGKILL while a WebSocket is open", async () => {
    const idle = await start();
    await idle.stop(10_000);
    expect(await idle.exited).toBe(0);

    const busy = await start();
    const socket = new WebSocket(busy.url.replace("http", "ws"));
    socket.on("error", () => {});
    await once(socket, "open");
    await busy.stop(100);
    expect(await busy.exited).toBeNull();
  });

  it("distinguishes a port in use from a broken bundle", async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    const persistDir = join(directory, "other-state");
    await expect(start({ port, persistDir })).rejects.toMatchObject({ reason: "port_in_use" });
    await writeFile(bundlePath, "export default nothing;");
    await expect(start({ persistDir })).rejects.toMatchObject({
      reason: "exited",
      message: expect.stringContaining("nothing is not defined"),
    });
  });
});
