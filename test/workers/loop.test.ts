import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { registryStub, tunnelStub } from "../../worker/env.ts";
import type { TunnelConfig } from "../../worker/tunnel/configuration/tunnel-config.ts";
import { call, type CreatedTunnel, json } from "./admin-client.ts";
import { attached, expectAnsweredBy, readyTunnel, refusalOf, request, SERVICES } from "./hand-connector.ts";

afterEach(reset);

/** The ways in: each sends a request with these fields to the service `api`. */
const WAYS = {
  binding: (tunnel: CreatedTunnel, headers: Record<string, string>) => request(tunnel, "/", { headers }),
  "/~/": async (tunnel: CreatedTunnel, headers: Record<string, string>) => {
    const body = { project: "my-project", environment: "production" };
    const { key } = await json<{ key: string }>(call("POST", "/v1/gateway-keys", { body }), 201);
    const fields = { ...headers, "culvert-gateway-key": key };
    return call("GET", `/~/${tunnel.id}/api/`, { key: null, headers: fields });
  },
} as const;

const valuesOf = ({ fields }: OpenHead, name: string) =>
  fields.filter(([field]) => field === name).map(([, value]) => value);

const relayName = async (tunnel: CreatedTunnel) =>
  (await registryStub(env).tunnelConfig(tunnel.id))?.relayName ?? "";

describe.each(["binding", "/~/"] as const)("a request by %s", (way) => {
  it.each([{}, { upgrade: "websocket" }])(
    "names the relay, and is refused when it comes again: %j",
    async (kind) => {
      const tunnel = await readyTunnel();
      const peer = await attached(tunnel);
      const name = await relayName(tunnel);
      expect(name).toMatch(/^culvert-[0-9a-f]{32}$/);
      const first = WAYS[way](tunnel, { ...kind, "cdn-loop": "cloudflare; loops=1" });
      const open = await peer.takeOpen();
      expect(valuesOf(open, "cdn-loop")).toEqual([`cloudflare; loops=1, ${name}`]);
      expect(valuesOf(open, "via")).toEqual([]);
      peer.answer(open.id, "fine");
      await (await first).text();

      const again = { ...kind, "cdn-loop": valuesOf(open, "cdn-loop").join() };
      const answer = await WAYS[way](tunnel, again);
      expect([answer.status, answer.headers.get("culvert-error")]).toEqual([508, "LOOP_DETECTED"]);
      expect(answer.headers.get("proxy-status")).toBe("culvert; error=proxy_loop_detected");
      expect(await answer.json()).toMatchObject({ code: "LOOP_DETECTED", status: 508 });
    },
  );
});

describe("a loop", () => {
  it.each([
    [
      "in another case and behind others",
      (name: string) => ({ "cdn-loop": `a;x=1,${name.toUpperCase()} ;y=2, b` }),
    ],
    ["behind a quoted string that never ends", (name: string) => ({ "cdn-loop": `a;x="b, ${name}` })],
    ["that Connection wants to hide", (name: string) => ({ "cdn-loop": name, connection: "cdn-loop" })],
  ])("is seen %s", async (_, headers) => {
    const tunnel = await readyTunnel();
    await attached(tunnel);
    const refusal = refusalOf(request(tunnel, "/", { headers: headers(await relayName(tunnel)) }));
    expect(await refusal).toEqual([508, "LOOP_DETECTED"]);
  });

  it("is not seen if other relays of this kind were passed", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const headers = { "cdn-loop": `culvert-${"0".repeat(32)}, fastly` };
    await expectAnsweredBy(peer, request(tunnel, "/", { headers }));
  });

  it("is revealed to nobody who may not call the service", async () => {
    const tunnel = await readyTunnel();
    const headers = { "cdn-loop": await relayName(tunnel) };
    const body = { ...SERVICES, services: [] };
    await json(call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body }));
    expect(await refusalOf(request(tunnel, "/", { headers }))).toEqual([404, "UNKNOWN_SERVICE"]);
  });
});

describe("Via", () => {
  it("is added if the service says so, and a caller's stays in any case", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answerNext = async () => {
      const open = await peer.takeOpen();
      peer.answer(open.id, "fine");
      return valuesOf(open, "via");
    };
    const without = request(tunnel, "/", { headers: { via: "1.1 edge" } });
    expect(await answerNext()).toEqual(["1.1 edge"]);
    await (await without).text();
    const services = SERVICES.services.map((service) => ({ ...service, via: true }));
    await json(
      call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: { version: 1, services } }),
    );
    const name = await relayName(tunnel);
    const kept = request(tunnel, "/", { headers: { via: "1.1 edge" } });
    expect(await answerNext()).toEqual([`1.1 edge, 1.1 ${name}`]);
    const alone = request(tunnel);
    expect(await answerNext()).toEqual([`1.1 ${name}`]);
    await Promise.all([kept, alone].map(async (answer) => (await answer).text()));
  });
});

it("a tunnel with a copy of an older release serves, and learns the name meanwhile", async () => {
  const tunnel = await readyTunnel();
  await expectAnsweredBy(await attached(tunnel), request(tunnel));
  const name = await relayName(tunnel);
  const stub = tunnelStub(env, tunnel.id);
  const copy = (_: unknown, { storage }: DurableObjectState) => storage.kv.get<TunnelConfig>("config");
  await runInDurableObject(stub, (_, { storage }) => {
    const { relayName: __, ...older } = storage.kv.get<TunnelConfig>("config") as TunnelConfig;
    // As the migration leaves it: the Registry's revision is one newer.
    storage.kv.put("config", { ...older, version: older.version - 1 });
  });
  await evictDurableObject(stub);
  const peer = await attached(tunnel);
  await expectAnsweredBy(peer, request(tunnel));
  await vi.waitFor(async () => expect((await runInDurableObject(stub, copy))?.relayName).toBe(name), {
    timeout: 10_000,
  });
  expect(await refusalOf(request(tunnel, "/", { headers: { "cdn-loop": name } }))).toEqual([
    508,
    "LOOP_DETECTED",
  ]);
});
