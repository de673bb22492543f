import { reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TAIL_SUBPROTOCOL } from "../../shared/events/tail.ts";
import { formatToken, parseToken } from "../../shared/tokens/token.ts";
import { accessKeyProof, formatAccessKey } from "../../worker/auth/access-key.ts";
import { newKid, newSecret, newTunnelId } from "../../worker/auth/random-id.ts";
import { Registry, Tunnel } from "../../worker/index.ts";
import { ADMIN_KEY, call, connect, createTunnel, json, RELAY } from "./admin-client.ts";
import { binding, GATEWAY, refusalOf } from "./hand-connector.ts";
import { isStarted } from "./is-started.ts";

/** A network of its own for each test, because the isolate's counts of failures survive `reset`. */
let network = 0;
let from: Record<string, string>;

beforeEach(() => {
  network++;
  from = { "cf-connecting-ip": `2001:db8:0:${network.toString(16)}::7` };
});

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

function selfMade(kind: "gateway" | "api" | "session"): string {
  return formatAccessKey(kind, newKid(), newSecret());
}

async function newGatewayKey(): Promise<{ kid: string; key: string }> {
  return json(call("POST", "/v1/gateway-keys", { body: GATEWAY }), 201);
}

async function send(tunnelId: string, key: string, headers = from): Promise<number> {
  const fields = { ...headers, "culvert-gateway-key": key };
  const response = await call("GET", `/~/${tunnelId}/payments-api/x`, { key: null, headers: fields });
  await response.body?.cancel();
  return response.status;
}

/** The same key with another secret. Its form is right, and the Registry knows its id. */
async function withWrongSecret(key: string): Promise<string> {
  const proof = await accessKeyProof("gateway", key);
  return formatAccessKey("gateway", proof?.kid ?? "", newSecret());
}

function countOf(statuses: readonly number[], status: number): number {
  return statuses.filter((seen) => seen === status).length;
}

async function statusOf(...request: Parameters<typeof call>): Promise<number> {
  const response = await call(...request);
  await response.body?.cancel();
  return response.status;
}

/**
 * More attempts than are allowed at once. One failure a second is allowed again, but however slow the machine is, not all
 * attempts can be within the limit.
 */
function severalAtOnce(attempt: () => Promise<number>): Promise<number[]> {
  return Promise.all(Array.from({ length: 10 }, attempt));
}

/** Expects that sixty pass at once, and one more for each second that the test took. */
function expectLimited(statuses: readonly number[], startedMs: number): void {
  const seconds = Math.ceil((Date.now() - startedMs) / 1000);
  const failed = countOf(statuses, 401);
  expect(failed + countOf(statuses, 429)).toBe(statuses.length);
  expect(failed).toBeGreaterThanOrEqual(60);
  expect(failed).toBeLessThanOrEqual(60 + seconds);
}

describe("a valid credential", () => {
  it("works despite any number of failures from its own address: gateway keys", async () => {
    const { id } = await createTunnel();
    const { key } = await newGatewayKey();
    const wrong = await withWrongSecret(key);
    const right: number[] = [];
    for (let round = 0; round < 120; round++) {
      const [, , , seen] = await Promise.all([
        send(id, "guess"),
        send(id, selfMade("gateway")),
        send(id, wrong),
        send(id, key),
      ]);
      right.push(seen);
    }
    // 404: the key was accepted, and the tunnel has no such service.
    expect(countOf(right, 404)).toBe(120);
    expect(await severalAtOnce(() => send(id, wrong))).toContain(429);
  });

  it("works despite any number of failures from its own address: API keys and sessions", async () => {
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    const browser = { "sec-fetch-site": "same-origin", "culvert-csrf": "1" };
    const signedIn = await call("POST", "/v1/session", { key: null, body: { key }, headers: browser });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
    for (let round = 0; round < 80; round++) {
      await call("GET", "/v1/tunnels", { key: selfMade("api"), headers: from });
    }
    expect(
      await severalAtOnce(() => statusOf("GET", "/v1/tunnels", { key: selfMade("api"), headers: from })),
    ).toContain(429);
    expect((await call("GET", "/v1/tunnels", { key, headers: from })).status).toBe(200);
    expect((await call("GET", "/v1/tunnels", { headers: from })).status).toBe(200);
    const session = { ...from, ...browser, cookie };
    expect((await call("GET", "/v1/tunnels", { key: null, headers: session })).status).toBe(200);
    expect((await call("GET", "/v1/session", { key: null, headers: session })).status).toBe(200);
  });

  it("works next to connectors with a revoked token", async () => {
    const { id, kid, token: revoked } = await createTunnel();
    const { token } = await json<{ token: string }>(call("POST", `/v1/tunnels/${id}/tokens`), 201);
    expect((await connect({ ...from, authorization: `Bearer ${revoked}` })).status).toBe(101);
    expect((await call("DELETE", `/v1/tunnels/${id}/tokens/${kid}`)).status).toBe(204);
    const lookUps = vi.spyOn(Registry.prototype, "lookUp");
    const statuses: number[] = [];
    const startedMs = Date.now();
    for (let dial = 0; dial < 80; dial++) {
      statuses.push((await connect({ ...from, authorization: `Bearer ${revoked}` })).status);
    }
    expectLimited(statuses, startedMs);
    const accepted = await connect({ ...from, authorization: `Bearer ${token}` });
    expect(accepted.status).toBe(101);
    accepted.webSocket?.accept();
    accepted.webSocket?.close();
    // Two for the revoked key (it was known, then looked up again), and one for the valid one.
    expect(lookUps.mock.calls.length).toBeLessThanOrEqual(3);
  });
});

describe("failures", () => {
  it("from one /64 count together, and cost few look-ups once there are too many", async () => {
    const { id } = await createTunnel();
    const lookUps = vi.spyOn(Registry.prototype, "lookUp");
    const statuses: number[] = [];
    const startedMs = Date.now();
    for (let start = 0; start < 1000; start += 50) {
      const guesses = Array.from({ length: 50 }, (_, index) => {
        const address = `2001:db8:0:${network.toString(16)}:${(start + index).toString(16)}::1`;
        return send(id, selfMade("gateway"), { "cf-connecting-ip": address });
      });
      statuses.push(...(await Promise.all(guesses)));
    }
    const elapsedMs = Date.now() - startedMs;
    expect(countOf(statuses, 401) + countOf(statuses, 429)).toBe(1000);
    // Sixty at once and one a second, and also those that had started before the sixtieth failed.
    expect(countOf(statuses, 401)).toBeLessThanOrEqual(60 + 50 + elapsedMs / 1000);
    expect(lookUps.mock.calls.length).toBeLessThanOrEqual(60 + 50 + elapsedMs / 10);
    // The next network may still fail as often as any.
    expect(await send(id, selfMade("gateway"), { "cf-connecting-ip": "2001:db8:1::1" })).toBe(401);
  });

  it("against one key count together, whatever addresses they come from, and ask the Registry nothing", async () => {
    const { id } = await createTunnel();
    const { key } = await newGatewayKey();
    const wrong = await withWrongSecret(key);
    expect(await send(id, key)).toBe(404);
    const lookUps = vi.spyOn(Registry.prototype, "lookUp");
    const fetches = vi.spyOn(Tunnel.prototype, "fetch");
    const statuses: number[] = [];
    const startedMs = Date.now();
    for (let index = 0; index < 80; index++) {
      statuses.push(await send(id, wrong, { "cf-connecting-ip": `198.51.100.${index}` }));
    }
    expectLimited(statuses, startedMs);
    expect(lookUps).not.toHaveBeenCalled();
    expect(fetches).not.toHaveBeenCalled();
    expect(await send(id, key)).toBe(404);
  });

  it("of a browser's session count too", async () => {
    const headers = {
      ...from,
      "sec-fetch-site": "same-origin",
      "culvert-csrf": "1",
      cookie: `__Host-culvert-session=${selfMade("session")}`,
    };
    for (let failure = 0; failure < 60; failure++) {
      const seen = await call("GET", "/v1/session", { key: null, headers });
      expect(await seen.json()).toEqual({ session: null });
    }
    const guess = { key: null, headers };
    expect(await severalAtOnce(() => statusOf("GET", "/v1/session", guess))).toContain(429);
    expect(await severalAtOnce(() => statusOf("DELETE", "/v1/session", guess))).toContain(429);
    const signIn = { ...guess, body: { key: "guess" } };
    expect(await severalAtOnce(() => statusOf("POST", "/v1/session", signIn))).toContain(429);
  });
});

describe("a made-up id or key", () => {
  it("starts no object: when a tunnel is dialled, called by key or binding, or watched", async () => {
    const { id, token } = await createTunnel();
    const { key } = await newGatewayKey();
    const real = parseToken(token);
    if (!real.ok) throw new Error(real.problem);
    const fetches = vi.spyOn(Tunnel.prototype, "fetch");
    const answers: unknown[] = [];
    const madeUp: string[] = [];
    for (let index = 0; index < 5; index++) {
      const tunnelId = newTunnelId();
      madeUp.push(tunnelId);
      const made = (parts: object) => formatToken({ ...real.token, secret: newSecret(), ...parts });
      for (const guess of [
        made({ tunnelId, kid: newKid() }),
        made({ tunnelId }),
        made({ kid: newKid() }),
        made({}),
      ])
        answers.push((await connect({ ...from, authorization: `Bearer ${guess}` })).status);
      answers.push(await send(tunnelId, key), await send(tunnelId, selfMade("gateway")));
      answers.push(await send(id, selfMade("gateway")));
      answers.push(await refusalOf(binding({ tunnel: tunnelId, ...GATEWAY }).fetch("http://api/")));
      answers.push((await call("GET", `/v1/tunnels/${tunnelId}`)).status);
      const watch = await exports.default.fetch(
        new Request(`${RELAY}/v1/tunnels/${tunnelId}/tail`, {
          headers: {
            upgrade: "websocket",
            "sec-websocket-protocol": TAIL_SUBPROTOCOL,
            authorization: `Bearer ${ADMIN_KEY}`,
          },
        }),
      );
      answers.push(watch.status);
    }
    const each = [401, 401, 401, 401, 404, 401, 401, [404, "UNKNOWN_TUNNEL"], 404, 404];
    expect(answers).toEqual(Array.from({ length: 5 }, () => each).flat());
    expect(fetches).not.toHaveBeenCalled();
    for (const tunnelId of [id, ...madeUp]) expect(await isStarted(env.TUNNEL, tunnelId)).toBe(false);
  });
});

describe("while a look-up that several requests wait for", () => {
  it("was begun by one that has left, the others ask for themselves, and no made-up object is started", async () => {
    const { key } = await newGatewayKey();
    const lookUps = vi.spyOn(Registry.prototype, "lookUp");
    // A variable that several requests read and set. A promise would belong to one request.
    let isOver = false;
    lookUps.mockImplementationOnce((async () => {
      while (!isOver) await new Promise((resolve) => setTimeout(resolve, 10));
      return [];
    }) as never);
    const tunnelId = newTunnelId();
    const leaving = new AbortController();
    const url = `${RELAY}/~/${tunnelId}/payments-api/x`;
    const fields = { ...from, "culvert-gateway-key": key };
    const first = exports.default.fetch(new Request(url, { headers: fields, signal: leaving.signal }));
    const left = first.then(
      (response) => response.body?.cancel(),
      () => {},
    );
    await vi.waitFor(() => expect(lookUps).toHaveBeenCalled(), { timeout: 10_000 });
    const others = Promise.all([send(tunnelId, key), send(tunnelId, key)]);
    leaving.abort();
    expect(await others).toEqual([404, 404]);
    isOver = true;
    await left;
    expect(await isStarted(env.TUNNEL, tunnelId)).toBe(false);
  });
});

describe("while the Registry does not answer", () => {
  it.each([
    [
      "fails",
      () => {
        throw new Error("away");
      },
    ],
    ["hangs", () => new Promise<never>(() => {})],
  ])("and %s, the tunnel's object is asked: right keys and tokens pass", async (_, answer) => {
    const { id, token } = await createTunnel();
    const { key } = await newGatewayKey();
    vi.spyOn(Registry.prototype, "lookUp").mockImplementation(answer as never);
    expect(await send(id, key)).toBe(404);
    expect(await send(id, selfMade("gateway"))).toBe(401);
    expect((await connect({ ...from, authorization: `Bearer ${token}` })).status).toBe(101);
    const bound = binding({ tunnel: id, ...GATEWAY }).fetch("http://nothing/");
    expect(await refusalOf(bound)).toEqual([404, "UNKNOWN_SERVICE"]);
  });
});
