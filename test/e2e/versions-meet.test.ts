import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { call, dialWebSocket, field } from "../support/calls.ts";
import { oldRelease } from "../support/old-release.ts";
import { startSystem, type System, type SystemOptions } from "../support/system.ts";

const BODY_BYTES = 20 * 1024 * 1024;
const REQUESTS = 200;
const AT_ONCE = 8;

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

const oldRelay = await oldRelease("relay.js");
const oldConnector = await oldRelease("culvert.js");

/** Every upgrade passes through some of these pairs, whichever side is upgraded first. */
const PAIRS: readonly (readonly [name: string, options: SystemOptions])[] = [
  ["the last release's connector at this relay", { connectorBundle: oldConnector }],
  ["this connector at the last release's relay", { relayBundle: oldRelay }],
  [
    "this relay on the last release's state, with its connector",
    { firstRelayBundle: oldRelay, connectorBundle: oldConnector },
  ],
  ["this relay on the last release's state", { firstRelayBundle: oldRelay }],
];

describe.each(PAIRS)("%s", (_name, options) => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      relayBundle: RELAY_BUNDLE,
      connectorBundle: CULVERT_BUNDLE,
      connectors: 2,
      ...options,
    });
  });
  afterAll(() => system?.stop());

  it("carries small requests without a failure", async () => {
    let left = REQUESTS;
    const one = async () => {
      while (left-- > 0) {
        const answer = await call(system, { service: "node-api", path: "/ok" });
        expect([answer.status, field(answer, "culvert-error"), answer.aborted]).toEqual([200, null, false]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  });

  it("carries uploads and downloads of 20 MiB completely", async () => {
    const body = randomBytes(BODY_BYTES);
    const uploads = await Promise.all(
      [0, 1].map(() => call(system, { service: "node-api", path: "/sink", method: "POST", body })),
    );
    for (const { status, body: said } of uploads) {
      expect([status, JSON.parse(said.toString())]).toMatchObject([
        200,
        { sha256: sha256(body), bytes: BODY_BYTES },
      ]);
    }
    const headers = { "x-case": "download" };
    const download = await call(system, {
      service: "node-api",
      path: `/pattern?bytes=${BODY_BYTES}`,
      headers,
    });
    expect([download.status, download.aborted, sha256(download.body)]).toEqual([
      ...[200, false, system.node.sentSha256.get("download")],
    ]);
  });

  it("carries WebSocket messages both ways, and the close", async () => {
    const socket = dialWebSocket(system, { service: "node-api", path: "/ws/echo" });
    const heard: Buffer[] = [];
    socket.on("message", (data: Buffer) => heard.push(data));
    await once(socket, "open");
    const sent = [Buffer.from("hello"), Buffer.alloc(0), randomBytes(1024 * 1024)];
    for (const message of sent) socket.send(message);
    await expect.poll(() => heard.length, { timeout: 15_000 }).toBe(sent.length);
    expect(Buffer.concat(heard).equals(Buffer.concat(sent))).toBe(true);
    socket.close(4321, "done");
    await once(socket, "close");
  });

  it("reports a denial and a failure of the upstream with their codes", async () => {
    const denied = await call(system, { via: "STRANGER", service: "node-api", path: "/" });
    expect([denied.status, field(denied, "culvert-error")]).toEqual([403, "ACCESS_DENIED"]);
    const refused = await call(system, { service: "closed-api", path: "/" });
    expect([refused.status, field(refused, "culvert-error")]).toEqual([502, "UPSTREAM_REFUSED"]);
  });

  it("has kept its connections through all of that", async () => {
    expect(await system.admin.status(system.tunnelId)).toBe("healthy");
    for (const connector of system.connectors) {
      expect(connector.lines.filter((line) => /lost the connection|cannot connect/.test(line))).toEqual([]);
    }
  });

  // This comes last. With an old state, the object has a copy of the configuration from the old Registry, and never asks
  // the new one.
  it("cuts the connectors within a second of their token's end", async () => {
    const tunnel = `${system.workerd.url}/v1/tunnels/${system.tunnelId}`;
    const headers = { authorization: `Bearer ${system.adminKey}` };
    const { tokens } = (await (await fetch(tunnel, { headers })).json()) as { tokens: { kid: string }[] };
    const revokedAtMs = Date.now();
    for (const { kid } of tokens) {
      const revoked = await fetch(`${tunnel}/tokens/${kid}`, { method: "DELETE", headers });
      expect(revoked.status).toBe(204);
    }
    await expect
      .poll(() => system.admin.connectors(system.tunnelId), { interval: 20, timeout: 20_000 })
      .toEqual([]);
    // It takes a second on an idle machine. Without a push they would stay as long as their token is valid.
    expect(Date.now() - revokedAtMs).toBeLessThan(10_000);
  });
});
