import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { registryStub } from "../../worker/env.ts";
import { noMetrics } from "../../worker/telemetry/metrics/request-metrics.ts";
import { call, createTunnel, json, problem } from "./admin-client.ts";
import { registryClock } from "./registry-clock.ts";

const PATH = "/v1/alerts";
const HOOK = "https://hooks.example/services/path-token";
const MINUTE_MS = 60_000;

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

interface Created {
  id: string;
}

const create = (change: object = {}) =>
  json<Created>(call("POST", PATH, { body: { name: "on-call", url: HOOK, ...change } }), 201);

/** A webhook that answers with this status and keeps what it was sent. */
function receiver(status = () => 200) {
  const sent: { status: string; kind: string; summary: string }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((_, init) => {
    const code = status();
    if (code < 300) sent.push(JSON.parse(init?.body as string) as (typeof sent)[number]);
    return Promise.resolve(new Response(null, { status: code }));
  });
  return sent;
}

const report = (tunnelId: string, connectors: string[], failing: string[] = [], lost = 0) =>
  registryStub(env).telemetryReport(tunnelId, {
    metrics: { ...noMetrics(), lost },
    connectors: connectors.length,
    deliveries: [],
    presence: { connectors: connectors.map((id) => ({ id, kid: "k" })), failing },
  });

describe("alerts", () => {
  it("report a lasting outage to a webhook once, and its end", async () => {
    const sent = receiver();
    const after = registryClock();
    await create();
    const { id } = await createTunnel("prod");
    await report(id, ["a", "b"]);
    await report(id, []);
    await after(MINUTE_MS - 1);
    expect(sent).toEqual([]);
    await after(1);
    expect(sent).toMatchObject([
      { event: "alert", version: 1, status: "firing", kind: "tunnel_down", tunnel: { id, name: "prod" } },
    ]);
    expect(await json(call("GET", PATH))).toMatchObject({
      items: [{ name: "on-call", lastError: null }],
      firing: [{ kind: "tunnel_down", tunnel: id }],
    });
    await after(10 * MINUTE_MS);
    expect(sent).toHaveLength(1);
    await report(id, ["a", "b"]);
    await after(MINUTE_MS);
    expect(sent.map(({ status }) => status)).toEqual(["firing", "resolved"]);
    expect(await json(call("GET", PATH))).toMatchObject({ firing: [] });
  });

  it("end with their tunnel", async () => {
    const sent = receiver();
    const after = registryClock();
    await create();
    const { id } = await createTunnel();
    await report(id, ["a"]);
    await report(id, []);
    await after(MINUTE_MS);
    expect((await call("DELETE", `/v1/tunnels/${id}`)).status).toBe(204);
    await after(MINUTE_MS);
    expect(sent.map(({ status }) => status)).toEqual(["firing", "resolved"]);
    expect(await json(call("GET", PATH))).toMatchObject({ firing: [] });
  });

  it("do not report what is over within a minute", async () => {
    const sent = receiver();
    const after = registryClock();
    await create();
    const { id } = await createTunnel();
    for (let round = 0; round < 5; round++) {
      await report(id, ["a"]);
      await report(id, []);
      await after(MINUTE_MS / 2);
      await report(id, ["a"]);
      await after(MINUTE_MS / 2);
    }
    expect(sent).toEqual([]);
  });

  it("report lost redundancy, a service that no connector reaches, and lost events", async () => {
    const sent = receiver();
    const after = registryClock();
    await create();
    const { id } = await createTunnel();
    await report(id, ["a", "b"]);
    await report(id, ["a"], ["orders"], 3);
    await after(5 * MINUTE_MS);
    expect(sent.map(({ kind }) => kind).sort()).toEqual(["events_lost", "redundancy_lost", "service_down"]);
    await after(40 * MINUTE_MS);
    expect(sent.slice(3)).toMatchObject([{ kind: "events_lost", status: "resolved" }]);
  });

  it("report a token that is about to expire while connectors still use it", async () => {
    const sent = receiver();
    const after = registryClock();
    await create();
    const { id, kid } = await createTunnel();
    await json(call("POST", `/v1/tunnels/${id}/tokens`, { body: { overlapSeconds: 8 * 24 * 3600 } }), 201);
    await registryStub(env).telemetryReport(id, {
      ...{ metrics: noMetrics(), connectors: 1, deliveries: [] },
      presence: { connectors: [{ id: "a", kid }], failing: [] },
    });
    await after(23 * 60 * MINUTE_MS);
    expect(sent).toEqual([]);
    await after(60 * MINUTE_MS);
    await after(15 * MINUTE_MS);
    expect(sent).toMatchObject([{ kind: "token_ends", subject: kid, status: "firing" }]);
  });

  it("are kept for a webhook that is down, in order, and only the kinds that it wants", async () => {
    let isDown = true;
    const sent = receiver(() => (isDown ? 503 : 200));
    const after = registryClock();
    await create({ kinds: ["tunnel_down"] });
    const { id } = await createTunnel();
    await report(id, ["a", "b"], ["orders"]);
    await report(id, []);
    await after(6 * MINUTE_MS);
    expect(await json(call("GET", PATH))).toMatchObject({
      items: [{ lastError: { reason: "answered 503" } }],
    });
    await report(id, ["a"]);
    await after(10 * MINUTE_MS);
    expect(sent).toEqual([]);
    isDown = false;
    for (let round = 0; round < 4; round++) await after(6 * MINUTE_MS);
    expect(sent.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "tunnel_down firing",
      "tunnel_down resolved",
    ]);
  });

  it("can be tested, in Slack's format too", async () => {
    const bodies: unknown[] = [];
    let status = 200;
    vi.spyOn(globalThis, "fetch").mockImplementation((url, init) => {
      bodies.push([url, new Headers(init?.headers).get("x-key"), JSON.parse(init?.body as string)]);
      return Promise.resolve(new Response("no secret path-token here", { status }));
    });
    const { id } = await create({ format: "slack", headers: { "X-Key": "canary-header" } });
    expect(await json(call("POST", `${PATH}/${id}/test`))).toEqual({ ok: true, status: 200, reason: "" });
    expect(bodies).toMatchObject([
      [HOOK, "canary-header", { text: expect.stringContaining("A test") as string }],
    ]);
    status = 404;
    expect(await json(call("POST", `${PATH}/${id}/test`))).toEqual({
      ...{ ok: false, status: 404, reason: "answered 404" },
    });
  });

  it("show the path of their URL only to admins, and headers to nobody", async () => {
    const { id } = await create({ headers: { "x-key": "canary-header" } });
    expect(await json(call("GET", PATH))).toMatchObject({
      items: [{ url: HOOK, secrets: ["headers.x-key"] }],
    });
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    for (const path of [PATH, "/v1/audit-log"]) {
      const text = await (await call("GET", path, { key })).text();
      expect(text).toContain('"url":"https://hooks.example"');
      expect(text).not.toMatch(/path-token|canary/);
    }
    expect((await call("DELETE", `${PATH}/${id}`, { key })).status).toBe(403);
    expect((await call("DELETE", `${PATH}/${id}`)).status).toBe(204);
    expect((await call("DELETE", `${PATH}/${id}`)).status).toBe(404);
    expect(await json(call("GET", "/v1/audit-log"))).toMatchObject({
      items: [
        { action: "alert.delete", target: id },
        { action: "api-key.create" },
        { action: "alert.create" },
      ],
    });
  });

  it.each([
    ["http to another machine", { url: "http://hooks.example/" }, "url"],
    ["credentials in the URL", { url: "https://user:secret@hooks.example/" }, "url"],
    ["a query", { url: "https://hooks.example/?key=1" }, "url"],
    ["an unknown format", { format: "smoke" }, "format"],
    ["a kind that there is not", { kinds: ["all"] }, "kinds[0]"],
    ["a header of the transport", { headers: { Host: "a" } }, "headers.Host"],
  ])("refuse %s", async (_, change, path) => {
    const refused = await problem(call("POST", PATH, { body: { name: "n", url: HOOK, ...change } }));
    expect(refused).toMatchObject({ status: 400, problems: [{ path }] });
  });

  it("are limited to twenty", async () => {
    for (let index = 0; index < 20; index++) await create();
    expect((await problem(call("POST", PATH, { body: { name: "n", url: HOOK } }))).code).toBe(
      "LIMIT_REACHED",
    );
  });
});
