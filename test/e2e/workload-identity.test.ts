import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startWorkerd, type WorkerdProcess } from "../../scripts/workerd.ts";
import { type LogEntry, startConnector } from "../../kit/connector/start-connector.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { runCulvert } from "../support/culvert-command.ts";
import { TokenIssuer, type TokenOptions } from "../support/servers/token-issuer.ts";

const ADMIN_KEY = "admin-key-of-the-identity-tests-0123456789";
const SUBJECT = "system:serviceaccount:payments:culvert";
const TIMEOUT_MS = 30_000;

const cluster = new TokenIssuer({ audience: "culvert-payments", keysPath: "/openid/v1/jwks" });
const connectors: ConnectProcess[] = [];
let directory: string;
let relay: WorkerdProcess;
let tunnel: { id: string; token: string };
let jwksFile: string;
let callers = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-identity-"));
  await cluster.listen();
  jwksFile = join(directory, "jwks.json");
  await writeFile(jwksFile, JSON.stringify(cluster.keys()));
  relay = await startRelay();
  tunnel = await api("POST", "/tunnels", { name: "payments" });
});
afterAll(async () => {
  for (const connector of connectors) connector.kill();
  await relay?.stop(500);
  await cluster.close();
  await rm(directory, { recursive: true, force: true });
});

function startRelay(port = 0): Promise<WorkerdProcess> {
  return startWorkerd({
    relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY, mayCallPrivate: true },
    persistDir: join(directory, "state"),
    port,
  });
}

async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${relay.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  expect(response.ok, text).toBe(true);
  return JSON.parse(text || "null") as T;
}

const culvert = (...args: string[]) =>
  runCulvert(args, { CULVERT_RELAY: relay.url, CULVERT_API_KEY: ADMIN_KEY });

interface Identity {
  id: string;
  url: string;
}

async function added(...options: string[]): Promise<Identity> {
  const { code, out, err } = await culvert(
    ...["identity", "add", "--tunnel-id", tunnel.id, "--issuer", cluster.url, "--json"],
    ...["--subject", SUBJECT, "--audience", cluster.audience, ...options],
  );
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out) as Identity;
}

const identities = (): string => `/tunnels/${tunnel.id}/identities`;
const given = () => ({
  ...{ issuer: cluster.url, audience: cluster.audience, subjects: [SUBJECT], jwks: cluster.keys() },
});

const token = ({ claims = {}, ...options }: TokenOptions = {}): string =>
  cluster.token({ claims: { sub: SUBJECT, ...claims }, ...options });

/**
 * The relay's answer to a connector's handshake. Each comes from an address of its own, because failures are counted by
 * address.
 */
async function dialled(shown: string, { id }: Pick<Identity, "id">, tunnelId = tunnel.id): Promise<number> {
  const socket = new WebSocket(`${relay.url}/v1/connect`, "culvert.v1", {
    headers: {
      authorization: `Bearer ${shown}`,
      "culvert-workload-identity": `${tunnelId}/${id}`,
      "cf-connecting-ip": `192.0.2.${++callers}`,
    },
  });
  socket.on("error", () => {});
  const [answer] = (await Promise.race([
    once(socket, "upgrade"),
    once(socket, "unexpected-response").then(([, response]) => [response]),
  ])) as [IncomingMessage];
  answer.resume();
  socket.terminate();
  return answer.statusCode ?? 0;
}

async function connectorsOf(kid: string): Promise<number> {
  const { connectors: all } = await api<{ connectors: { kid: string }[] }>("GET", `/tunnels/${tunnel.id}`);
  return all.filter((connector) => connector.kid === kid).length;
}

it.each(["by keys that the admin gave", "by keys that the relay fetches"])(
  "only the issuer's own token for this tunnel and workload is accepted, %s",
  async (how) => {
    const isGiven = how.includes("gave");
    const identity = await added(...(isGiven ? ["--jwks-file", jwksFile] : ["--jwks-url", cluster.keysUrl]));
    const other = await api<{ id: string }>("POST", "/tunnels", { name: "another" });
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const bad: Record<string, string> = {
      ...cluster.badTokens({ sub: SUBJECT }),
      "another subject": token({ claims: { sub: `${SUBJECT}-2` } }),
      "a subject's beginning": token({ claims: { sub: SUBJECT.slice(0, -1) } }),
      "a subject in another case": token({ claims: { sub: SUBJECT.toUpperCase() } }),
      "no subject": token({ claims: { sub: undefined } }),
      "subjects in a list": token({ claims: { sub: [SUBJECT] } }),
      "for others too": token({ claims: { aud: [cluster.audience, "vault"] } }),
      "for nobody": token({ claims: { aud: [] } }),
      "for days": token({ claims: { exp: nowSeconds + 3 * 24 * 3_600 } }),
      "no token": "",
      "the tunnel's own token": tunnel.token,
    };
    const answers: Record<string, number> = {};
    for (const [name, shown] of Object.entries(bad)) answers[name] = await dialled(shown, identity);
    expect(answers).toEqual(Object.fromEntries(Object.keys(bad).map((name) => [name, 401])));
    expect(await dialled(token(), identity)).toBe(101);
    expect(await dialled(token({ claims: { aud: cluster.audience } }), identity)).toBe(101);
    const byEc = { header: { alg: "ES256", kid: "ec-1" }, signedBy: "ec" } as const;
    expect(await dialled(token(byEc), identity)).toBe(101);
    // A token that is valid for another audience.
    expect(await dialled(token(), { id: "wid_aaaaaaaaaaaa" })).toBe(401);
    expect(await dialled(token(), identity, other.id)).toBe(401);
    expect(await dialled(token(), { id: "../x" })).toBe(401);
  },
);

it("a connector attaches with the file that its platform renews, and is cut within a second of the identity's removal", async () => {
  const identity = await api<Identity>("POST", identities(), given());
  const file = join(directory, "token");
  // As the kubelet does it.
  const refreshed = async (text: string): Promise<void> => {
    await writeFile(`${file}.next`, text);
    await rename(`${file}.next`, file);
  };
  const settings = {
    ...{ TUNNEL_IDENTITY: identity.url, TUNNEL_TOKEN_FILE: file, TUNNEL_ALLOW: "127.0.0.1" },
    // The same for a doctor.
    TUNNEL_METRICS: "127.0.0.1:0",
  };
  await refreshed(token({ claims: { exp: Math.floor(Date.now() / 1_000) - 60 } }));
  const ended = await runCulvert(["doctor"], settings);
  expect(ended.out).toMatch(/FAIL +token .*system:serviceaccount:payments:culvert.*ended/);

  await refreshed(token());
  const connector = new ConnectProcess(settings);
  connectors.push(connector);
  const isAttached = async () => (await connectorsOf(identity.id)) === 1;
  await eventually("the connector to attach", TIMEOUT_MS, isAttached);

  // The issuer's next key: attached connectors stay, and attach with the new key from then on.
  const [, ec] = (cluster.keys() as { keys: object[] }).keys;
  const nextKeys = join(directory, "next-jwks.json");
  await writeFile(nextKeys, JSON.stringify({ keys: [ec] }));
  const named = ["--tunnel-id", tunnel.id, "--identity-id", identity.id];
  const replaced = await culvert("identity", "set-keys", ...named, "--jwks-file", nextKeys);
  expect([replaced.code, replaced.err]).toEqual([0, ""]);
  expect(await isAttached()).toBe(true);
  await refreshed(token({ header: { alg: "ES256", kid: "ec-1" }, signedBy: "ec" }));
  await eventually("the file to be read", TIMEOUT_MS, () => connector.countOf("settings reloaded") > 0);
  const port = Number(new URL(relay.url).port);
  await relay.stop(500);
  relay = await startRelay(port);
  await eventually("the connector to return", TIMEOUT_MS, isAttached);
  expect(await dialled(token(), identity)).toBe(401);

  const doctor = await runCulvert(["doctor"], settings);
  expect(doctor.out).toMatch(/PASS +token +proves wid_\w+ of tunnel tnl_\w+/);
  expect(doctor.out).toMatch(/PASS +attach/);
  const described = await culvert("tunnel", "describe", "--tunnel-id", tunnel.id);
  expect(described.out).toContain(`Identities\nID`);
  expect(described.out).toContain(SUBJECT);

  const before = connector.countOf("TOKEN_REVOKED");
  const { code } = await culvert(...["identity", "remove", ...named, "--yes"]);
  expect(code).toBe(0);
  // No time is measured: after the answer to the removal, the connection must already be gone.
  expect(await connectorsOf(identity.id)).toBe(0);
  await eventually(
    "the connector to hear of it",
    TIMEOUT_MS,
    () => connector.countOf("TOKEN_REVOKED") > before,
  );
  expect(await dialled(token(), identity)).toBe(401);
  expect(connector.output).not.toContain(token().slice(0, 30));
});

it("an API that is its own connector uses a renewed token too", async () => {
  const identity = await api<Identity>("POST", identities(), given());
  const tokenFile = join(directory, "own-token");
  await writeFile(tokenFile, token());
  const lines: string[] = [];
  const onLog = ({ msg }: LogEntry) => void lines.push(msg);
  const connector = await startConnector({ identity: identity.url, tokenFile, allow: "127.0.0.1:1", onLog });
  await connector.ready(TIMEOUT_MS);
  await writeFile(tokenFile, token({ claims: { jti: "the next one" } }));
  await eventually("the file to be read", TIMEOUT_MS, () => lines.includes("settings reloaded"));
  await connector.drain();
});

it("lets nobody in if its keys cannot be fetched, and asks to try again", async () => {
  const { jwks: _, ...rest } = given();
  const identity = await api<Identity>("POST", identities(), { ...rest, jwksUrl: cluster.keysUrl });
  cluster.isDown = true;
  try {
    expect(await dialled(token(), identity)).toBe(503);
    const refused = await culvert(
      ...["identity", "set-keys", "--tunnel-id", tunnel.id, "--identity-id", identity.id],
      ...["--jwks-url", cluster.keysUrl],
    );
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining("jwksUrl: could not be fetched"),
    ]);
  } finally {
    cluster.isDown = false;
  }
  await eventually(
    "the keys to be asked for again",
    TIMEOUT_MS,
    async () => (await dialled(token(), identity)) === 101,
  );
});
