import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeBase64url } from "../../shared/tokens/base64url.ts";
import { CLOSE_REVOKED } from "../../shared/protocol/index.ts";
import { IDENTITY_FIELD } from "../../shared/tokens/token.ts";
import { tunnelStub } from "../../worker/env.ts";
import { Registry, Tunnel } from "../../worker/index.ts";
import { call, connect, createTunnel, json, problem } from "./admin-client.ts";
import { attachedWith } from "./hand-connector.ts";

const ISSUER = "https://kubernetes.default.svc.cluster.local";
const SUBJECT = "system:serviceaccount:payments:culvert";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

interface Signer {
  jwk: Record<string, unknown>;
  token(claims?: object): Promise<string>;
}

async function signer(kid: string): Promise<Signer> {
  const pair = (await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as CryptoKeyPair;
  const { kty, crv, x, y } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const part = (value: object) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
  return {
    jwk: { kty, crv, x, y, kid, alg: "ES256", use: "sig" },
    async token(claims = {}) {
      const exp = Math.floor(Date.now() / 1_000) + 600;
      const signed = `${part({ alg: "ES256", kid })}.${part({ iss: ISSUER, sub: SUBJECT, exp, ...claims })}`;
      const bytes = new TextEncoder().encode(signed);
      const signature = await crypto.subtle.sign(ALGORITHM, pair.privateKey, bytes);
      return `${signed}.${encodeBase64url(new Uint8Array(signature))}`;
    },
  };
}

const CLUSTER = await signer("cluster-1");

interface Identity {
  id: string;
  url: string;
  audience: string;
}

const given = (more: object = {}) => ({
  ...{ issuer: ISSUER, subjects: [SUBJECT], jwks: { keys: [CLUSTER.jwk] } },
  ...more,
});

async function trusting(): Promise<{ tunnelId: string; identity: Identity }> {
  const { id: tunnelId } = await createTunnel();
  const path = `/v1/tunnels/${tunnelId}/identities`;
  return { tunnelId, identity: await json<Identity>(call("POST", path, { body: given() }), 201) };
}

const shown = (tunnelId: string, id: string, token: string, from = "") => ({
  authorization: `Bearer ${token}`,
  [IDENTITY_FIELD]: `${tunnelId}/${id}`,
  ...(from === "" ? {} : { "cf-connecting-ip": from }),
});

async function dialled(headers: Record<string, string>): Promise<number> {
  const { status, webSocket, body } = await connect(headers);
  webSocket?.accept();
  webSocket?.close(1000);
  await body?.cancel();
  return status;
}

/** Stops the clock, so that the result does not depend on the machine's speed. */
function stopTheClock(laterMs = 0): void {
  const nowMs = Date.now() + laterMs;
  vi.spyOn(Date, "now").mockImplementation(() => nowMs);
}

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("an identity that a tunnel trusts", () => {
  it("is for this tunnel by default, is listed and described, and stores only public keys", async () => {
    const { tunnelId, identity } = await trusting();
    expect(identity).toMatchObject({
      url: `https://relay.example/v1/tunnels/${tunnelId}/identities/${identity.id}`,
      ...{ audience: `https://relay.example/v1/tunnels/${tunnelId}`, jwksUrl: null, keys: ["cluster-1"] },
    });
    expect(await json(call("GET", `/v1/tunnels/${tunnelId}/identities`))).toEqual({
      ...{ items: [identity], nextCursor: null },
    });
    expect(await json(call("GET", `/v1/tunnels/${tunnelId}`))).toMatchObject({
      identities: [{ id: identity.id, issuer: ISSUER, subjects: [SUBJECT], connectors: 0, lastUsedAt: null }],
    });
    const token = await CLUSTER.token({ aud: [identity.audience] });
    expect(await dialled(shown(tunnelId, identity.id, token))).toBe(101);
    expect(await json(call("GET", `/v1/tunnels/${tunnelId}`))).toMatchObject({
      ...{ status: expect.stringMatching(/degraded|down/), identities: [{ lastUsedAt: expect.any(String) }] },
    });
  });

  it("is refused with the place of what is wrong", async () => {
    const { id } = await createTunnel();
    const made = (more: object) =>
      problem(call("POST", `/v1/tunnels/${id}/identities`, { body: given(more) }));
    const code = "INVALID_REQUEST";
    expect(await made({ subjects: [] })).toMatchObject({ code, problems: [{ path: "subjects" }] });
    const weak = { jwks: { keys: [{ ...CLUSTER.jwk, crv: "P-384" }] } };
    expect(await made(weak)).toMatchObject({ code, problems: [{ path: "jwks" }] });
  });

  it("is limited to ten for a tunnel, is deleted with it, and is not ended by a new token", async () => {
    const { tunnelId, identity } = await trusting();
    const path = `/v1/tunnels/${tunnelId}`;
    for (let count = 1; count < 10; count++)
      await json(call("POST", `${path}/identities`, { body: given() }), 201);
    expect((await problem(call("POST", `${path}/identities`, { body: given() }))).code).toBe("LIMIT_REACHED");
    await json(call("POST", `${path}/tokens`, { body: { overlapSeconds: 0 } }), 201);
    const token = await CLUSTER.token({ aud: identity.audience });
    expect(await dialled(shown(tunnelId, identity.id, token))).toBe(101);
    await call("DELETE", path);
    expect(await dialled(shown(tunnelId, identity.id, token))).toBe(401);
  });

  it("appears in the audit log with its settings, without its keys", async () => {
    const { tunnelId, identity } = await trusting();
    const path = `/v1/tunnels/${tunnelId}/identities/${identity.id}`;
    const { jwk } = await signer("cluster-2");
    expect((await call("PUT", `${path}/keys`, { body: { jwks: { keys: [jwk] } } })).status).toBe(204);
    expect((await call("DELETE", path)).status).toBe(204);
    expect((await call("DELETE", path)).status).toBe(404);
    expect((await call("PUT", `${path}/keys`, { body: { jwks: { keys: [jwk] } } })).status).toBe(404);
    const { items } = await json<{ items: object[] }>(call("GET", "/v1/audit-log"));
    const facts = { identity: identity.id, issuer: ISSUER, audience: identity.audience, subjects: SUBJECT };
    const [first, second] = [
      { ...facts, keys: "cluster-1" },
      { ...facts, keys: "cluster-2" },
    ];
    expect(items).toMatchObject([
      { action: "identity.delete", target: tunnelId, before: second, after: null },
      { action: "identity.update", target: tunnelId, before: first, after: second },
      { action: "identity.create", target: tunnelId, before: null, after: first },
      { action: "tunnel.create" },
    ]);
    expect(JSON.stringify(items)).not.toContain(String(CLUSTER.jwk["x"]));
  });

  it("cuts its connectors when it is removed, while the object hibernates too", async () => {
    const { tunnelId, identity } = await trusting();
    const token = await CLUSTER.token({ aud: identity.audience });
    const peer = await attachedWith(shown(tunnelId, identity.id, token));
    await evictDurableObject(tunnelStub(env, tunnelId), { webSockets: "hibernate" });
    expect((await call("DELETE", `/v1/tunnels/${tunnelId}/identities/${identity.id}`)).status).toBe(204);
    await vi.waitFor(() => expect(peer.closed?.code).toBe(CLOSE_REVOKED), { timeout: 10_000 });
  });
});

describe("a token of another issuer", () => {
  it("starts no object if it is invalid, and costs one look-up however often it is sent", async () => {
    const { tunnelId, identity } = await trusting();
    stopTheClock();
    const started = vi.spyOn(Tunnel.prototype, "fetch");
    const asked = vi.spyOn(Registry.prototype, "identity");
    const bad = await CLUSTER.token({ aud: "another" });
    for (let count = 0; count < 20; count++)
      expect(await dialled(shown(tunnelId, identity.id, bad, "2001:db8:1::1"))).toBe(401);
    expect([started.mock.calls.length, asked.mock.calls.length]).toEqual([0, 1]);
  });

  it("that is invalid counts as a guess, which slows down neither valid tokens nor another identity", async () => {
    const { tunnelId, identity } = await trusting();
    const other = await trusting();
    const [bad, good] = [
      await CLUSTER.token({ aud: "another" }),
      await CLUSTER.token({ aud: identity.audience }),
    ];
    const elsewhere = await CLUSTER.token({ aud: other.identity.audience });
    const from = "2001:db8:2::1";
    stopTheClock();
    const statuses = [];
    for (let count = 0; count < 100; count++)
      statuses.push(await dialled(shown(tunnelId, identity.id, bad, from)));
    expect(statuses[0]).toBe(401);
    expect(statuses).toContain(429);
    expect(await dialled(shown(tunnelId, identity.id, good, from))).toBe(101);
    expect(await dialled(shown(other.tunnelId, other.identity.id, elsewhere, from))).toBe(101);
    expect(await dialled(shown(other.tunnelId, other.identity.id, bad, "2001:db8:3::1"))).toBe(401);
  });

  it("is judged without the Registry if it was judged before; otherwise the answer is to try again", async () => {
    const { tunnelId, identity } = await trusting();
    const { tunnelId: newTunnel, identity: newIdentity } = await trusting();
    const headers = shown(tunnelId, identity.id, await CLUSTER.token({ aud: identity.audience }));
    expect(await dialled(headers)).toBe(101);
    vi.spyOn(Registry.prototype, "identity").mockRejectedValue(new Error("the Registry is away"));
    stopTheClock(60_000);
    expect(await dialled(headers)).toBe(101);
    const unknown = await CLUSTER.token({ aud: newIdentity.audience });
    expect(await dialled(shown(newTunnel, newIdentity.id, unknown))).toBe(503);
  });

  it("is not accepted if the Worker judged it by an outdated identity", async () => {
    const { tunnelId, identity } = await trusting();
    const next = await signer("cluster-1");
    const [byOld, byNew] = [
      await CLUSTER.token({ aud: identity.audience }),
      await next.token({ aud: identity.audience }),
    ];
    expect(await dialled(shown(tunnelId, identity.id, byOld))).toBe(101);
    const path = `/v1/tunnels/${tunnelId}/identities/${identity.id}/keys`;
    expect((await call("PUT", path, { body: { jwks: { keys: [next.jwk] } } })).status).toBe(204);
    // This isolate still has the old keys. The object tells it that there are new ones.
    expect(await dialled(shown(tunnelId, identity.id, byOld))).toBe(401);
    expect(await dialled(shown(tunnelId, identity.id, byNew))).toBe(101);
    expect(await dialled(shown(tunnelId, identity.id, byOld))).toBe(401);
  });
});
