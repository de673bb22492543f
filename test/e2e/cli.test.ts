import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { parseToken } from "../../shared/tokens/token.ts";
import { TRUSTED_CERTIFICATE_FILE, trustedIdentity } from "../support/tls-identities.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

const ADMIN_KEY = "admin-key-of-the-cli-tests-0123456789";
/** `script` of util-linux runs a command in its own terminal. */
const SCRIPT = "/usr/bin/script";
const ABSENT = "tnl_aaaaaaaaaaaaaaaaaaaa";

const services = {
  version: 1,
  services: [
    {
      name: "payments-api-prod",
      endpoint: "http://payments.internal:8080",
      configurations: [{ project: "my-project", accessibleBy: ["production"] }],
    },
  ],
};

let directory: string;
let relay: WorkerdProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-cli-"));
  relay = await startWorkerd({
    relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
    persistDir: join(directory, "state"),
  });
});

afterAll(async () => {
  await relay.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Run {
  code: number | null;
  out: string;
  err: string;
}

interface RunOptions {
  env?: Record<string, string | undefined>;
  input?: string;
}

/** Runs `culvert` as a process. Its environment has the relay and the admin key unless `env` says otherwise. */
async function culvert(args: readonly string[], { env = {}, input = "" }: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [CULVERT_BUNDLE, ...args], {
    env: {
      ...bareEnvironment(),
      HOME: directory,
      CULVERT_RELAY: relay.url,
      CULVERT_API_KEY: ADMIN_KEY,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 20_000,
  });
  const run: Run = { code: null, out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (run.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (run.err += chunk.toString()));
  // A command that reads nothing may end before the input arrives.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  [run.code] = (await once(child, "close")) as [number | null];
  return run;
}

async function json<T>(args: readonly string[]): Promise<T> {
  const run = await culvert([...args, "--json"]);
  expect(run).toMatchObject({ code: 0, err: "" });
  return JSON.parse(run.out) as T;
}

function createTunnel(name: string): Promise<{ id: string; token: string; kid: string }> {
  return json(["tunnel", "create", "--tunnel-name", name]);
}

async function written(name: string, content: unknown): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe.concurrent("culvert tunnel", () => {
  it("create prints the id, the token once, and lines that keep the token out of arguments", async () => {
    const { code, out } = await culvert(["tunnel", "create", "--tunnel-name", "printed"]);
    expect(code).toBe(0);
    const [, id = ""] = /^Id +(\S+)$/m.exec(out) ?? [];
    const [, token = ""] = /^Token +(\S+)$/m.exec(out) ?? [];
    expect(parseToken(token)).toMatchObject({ ok: true, token: { tunnelId: id, relayUrl: relay.url } });
    expect(out).toContain("\n  (set -a && . ./printed.env && exec culvert connect)\n");
    expect(out).toContain(`No container can reach ${relay.url}`);
    expect(out.split(token)).toHaveLength(3);

    const described = await culvert(["tunnel", "describe", "--tunnel-id", id]);
    expect(described.out).toMatch(/^Tunnel +printed$/m);
    expect(described.out).toMatch(/^Status +inactive$/m);
    expect(described.out).toMatch(/^Verdict +Nothing is open yet: This tunnel carries no traffic/m);
    expect(described.out).toMatch(/^k_[a-z2-7]{12}  \d{4}-\S+ \S+Z +- +- +0$/m);
    expect(described.out).not.toContain(token);
  });

  it("create and rotate-token write the token into a new file, and show it nowhere", async () => {
    const path = join(directory, "kept.env");
    const run = await culvert(["tunnel", "create", "--tunnel-name", "kept", "--write-env", path]);
    expect(run).toMatchObject({ code: 0, err: "" });
    const [, token = ""] = /^TUNNEL_TOKEN=(\S+)\nTUNNEL_ALLOW=/.exec(await readFile(path, "utf8")) ?? [];
    expect(parseToken(token)).toMatchObject({ ok: true });
    expect(run.out).not.toContain(token);
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    const [, id = ""] = /^Id +(\S+)$/m.exec(run.out) ?? [];
    const rotate = ["tunnel", "rotate-token", "--tunnel-id", id, "--write-env"];
    const taken = await culvert([...rotate, path]);
    expect(taken).toMatchObject({ code: 2, out: "" });
    expect((await json<{ tokens: object[] }>(["tunnel", "describe", "--tunnel-id", id])).tokens).toHaveLength(
      1,
    );
    const fresh = join(directory, "rotated.env");
    expect(await json([...rotate, fresh])).not.toHaveProperty("token");
    expect(await readFile(fresh, "utf8")).toContain("TUNNEL_TOKEN=culvert_");
    // No file remains for what was not created.
    const absent = join(directory, "absent.env");
    const missing = ["tunnel", "rotate-token", "--tunnel-id", ABSENT, "--write-env", absent];
    expect((await culvert(missing)).code).toBe(4);
    expect(existsSync(absent)).toBe(false);
  });

  it("scale and move set how many objects carry it, and where; describe shows them", async () => {
    const { id } = await createTunnel("scaled");
    const of = (name: string, ...more: string[]) => culvert(["tunnel", name, "--tunnel-id", id, ...more]);
    const scaled = await of("scale", "--objects", "2", "--drain", "0s");
    expect(scaled.out).toMatch(new RegExp(`^${id} +serving +- +- +0 +0\\.0 +- +-$`, "m"));
    expect(scaled.out).toMatch(new RegExp(`^${id}\\.\\w+ +attaching`, "m"));
    expect((await of("describe")).out).toContain("attaching");
    const moved = await of("move", "--location", "weur");
    expect(moved.out).toMatch(/ attaching +weur /);
    expect(await of("move", "--location", "the-moon")).toMatchObject({ code: 2, out: "" });
    for (const wrong of [
      [],
      ["--objects", "33"],
      ["--objects", "2", "--min", "1"],
      ["--min", "3", "--max", "2"],
    ])
      expect([wrong, (await of("scale", ...wrong)).code]).toEqual([wrong, 2]);
    expect((await culvert(["tunnel", "scale", "--tunnel-id", ABSENT, "--max", "2"])).code).toBe(4);
    const placed = await culvert([
      "tunnel",
      "create",
      "--tunnel-name",
      "placed",
      "--location",
      "oc",
      "--json",
    ]);
    const { id: placedId } = JSON.parse(placed.out) as { id: string };
    expect((await culvert(["tunnel", "describe", "--tunnel-id", placedId])).out).toMatch(/ serving +oc /);
    // The local runtime has no jurisdictions. It must fail and not ignore the option.
    const bound = await culvert(["tunnel", "create", "--tunnel-name", "bound", "--jurisdiction", "eu"]);
    expect(bound).toMatchObject({ code: 1, out: "" });
    expect(bound.err).toMatch(/jurisdiction/i);
  });

  it("list shows every tunnel, for people and for programs", async () => {
    const { id } = await createTunnel("listed");
    const people = await culvert(["tunnel", "list"]);
    expect(people.out).toMatch(/^ID +NAME +STATUS +CONNECTORS +CREATED$/m);
    expect(people.out).toMatch(new RegExp(`^${id}  listed +inactive +0 +\\d{4}-`, "m"));
    expect(await json(["tunnel", "list"])).toContainEqual(expect.objectContaining({ id, name: "listed" }));
  });

  it("delete asks first; without a terminal it needs --yes", async () => {
    const { id } = await createTunnel("doomed");
    const args = ["tunnel", "delete", "--tunnel-id", id];
    const refused = await culvert(args, { input: "y\n" });
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused.err).toContain("--yes");
    expect((await culvert(["tunnel", "describe", "--tunnel-id", id])).code).toBe(0);
    expect(await culvert([...args, "--yes"])).toMatchObject({ code: 0, out: `Deleted doomed (${id}).\n` });
    expect(await culvert([...args, "--yes"])).toEqual({
      code: 4,
      out: "",
      err: `error: There is no tunnel ${id}.\n`,
    });
  });

  it.skipIf(!existsSync(SCRIPT))("delete takes a person's answer at a terminal", async () => {
    const { id } = await createTunnel("spared");
    const args = `tunnel delete --tunnel-id ${id}`;
    expect(await atTerminal(args, "n")).toContain("Nothing was changed.");
    expect((await culvert(["tunnel", "describe", "--tunnel-id", id])).code).toBe(0);
    expect(await atTerminal(args, "y")).toContain("Deleted spared");
    expect((await culvert(["tunnel", "describe", "--tunnel-id", id])).code).toBe(4);
  });

  it("rotate-token keeps the older tokens valid for the overlap; revoke-token ends one", async () => {
    const { id, kid } = await createTunnel("rotated");
    const rotated = await json<{ kid: string }>([
      ...["tunnel", "rotate-token", "--tunnel-id", id],
      ...["--overlap", "30m"],
    ]);
    const kids = async () => {
      const tunnel = await json<{ tokens: { kid: string; expiresAt: string | null }[] }>([
        ...["tunnel", "describe", "--tunnel-id", id],
      ]);
      return Object.fromEntries(tunnel.tokens.map((token) => [token.kid, token.expiresAt]));
    };
    const before = await kids();
    expect(before[rotated.kid]).toBeNull();
    const endsInMs = Date.parse(before[kid] ?? "") - Date.now();
    expect(endsInMs).toBeGreaterThan(29 * 60_000);
    expect(endsInMs).toBeLessThan(31 * 60_000);

    const revoke = ["tunnel", "revoke-token", "--tunnel-id", id, "--kid", kid];
    expect((await culvert(revoke)).code).toBe(2);
    expect((await culvert([...revoke, "--yes"])).code).toBe(0);
    expect((await culvert([...revoke, "--yes"])).code).toBe(4);
    expect(Object.keys(await kids())).toEqual([rotated.kid]);
  });

  it("api-key list shows name, role, last use and end; the audit log the name beside the id", async () => {
    const create = ["api-key", "create", "--role", "admin", "--name", "deploys", "--expires", "90d"];
    const made = await json<{ kid: string; key: string; expiresAt: string }>(create);
    expect(Date.parse(made.expiresAt) - Date.now()).toBeGreaterThan(89 * 24 * 3_600_000);
    await culvert(["tunnel", "create", "--tunnel-name", "by-a-name"], { env: { CULVERT_API_KEY: made.key } });
    await vi.waitFor(
      async () => {
        const { out } = await culvert(["api-key", "list"]);
        expect(out).toMatch(/^KID +NAME +ROLE +CREATED +LAST USED +EXPIRES$/m);
        expect(out).toMatch(new RegExp(`^${made.kid} +deploys +admin +\\S+ \\S+ +20\\S+ \\S+ +20`, "m"));
      },
      { timeout: 20_000, interval: 100 },
    );
    const { out } = await culvert(["audit-log"]);
    expect(out).toMatch(new RegExp(`  deploys \\(${made.kid}\\) .*  tunnel\\.create`));
    const wrong = await culvert(["api-key", "create", "--role", "viewer", "--expires", "30s"]);
    expect(wrong).toMatchObject({ code: 2, out: "" });
  });

  it("rotate-token without overlap asks first; an invalid time is refused", async () => {
    const { id } = await createTunnel("leaked");
    const rotate = ["tunnel", "rotate-token", "--tunnel-id", id, "--overlap"];
    expect(await culvert([...rotate, "0s"])).toMatchObject({ code: 2, out: "" });
    expect((await culvert([...rotate, "0s", "--yes"])).out).toContain("no longer valid");
    expect(await culvert([...rotate, "soon"])).toMatchObject({ code: 2, out: "" });
  });
});

describe.concurrent("culvert tunnel services", () => {
  it("update shows the difference and activates it, and describe returns it", async () => {
    const { id } = await createTunnel("served");
    const file = await written("served.json", services);
    const update = ["tunnel", "services", "update", "--tunnel-id", id, "--configuration-file", file];
    const dry = await culvert([...update, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toContain("+ service payments-api-prod leads to http://payments.internal:8080\n");
    expect(await json(["tunnel", "services", "describe", "--tunnel-id", id])).toMatchObject({ services: [] });

    expect((await culvert(update)).out).toBe(`${dry.out}Active from the next request on, as version 1.\n`);
    expect(await json(["tunnel", "services", "describe", "--tunnel-id", id])).toEqual(services);
    const people = await culvert(["tunnel", "services", "describe", "--tunnel-id", id]);
    expect(people.out).toMatch(
      /^payments-api-prod  http:\/\/payments\.internal:8080  my-project in production$/m,
    );
    expect(await culvert(update)).toMatchObject({ code: 0, out: "The file changes nothing.\n" });
  });

  it("versions lists earlier files, and rollback activates one again", async () => {
    const { id } = await createTunnel("rolled-back");
    const of = (command: string, ...rest: string[]) =>
      culvert(["tunnel", "services", command, "--tunnel-id", id, ...rest]);
    expect(await of("rollback")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no earlier version"),
    });
    await of("update", "--configuration-file", await written("first.json", services));
    const [service] = services.services;
    const second = { ...services, services: [{ ...service, endpoint: "http://wrong.internal" }] };
    await of("update", "--configuration-file", await written("second.json", second));

    expect((await of("rollback", "--dry-run")).out).toContain("leads to http://wrong.internal");
    const done = await of("rollback");
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(done.out).toMatch(/\nThe file of version 1 is active from the next request on, as version 3\.\n$/);
    expect(await json(["tunnel", "services", "describe", "--tunnel-id", id])).toEqual(services);
    const told = await of("versions");
    expect(told.out).toMatch(/^Version 3 .* admin-key, back to version 1\n {2}[-+] service/);
    expect(await of("rollback", "--to", "9")).toMatchObject({
      code: 4,
      err: expect.stringContaining("no version 9"),
    });
  });

  it.each([
    ["unreadable", undefined, "cannot be read: ENOENT"],
    ["no JSON", '{"version": 1,', "is not JSON"],
    ["no services file", { version: 1, services: [{}] }, "\n  services[0].name: "],
    [
      "wrong in two places",
      { ...services, extra: 1, networks: [{ hosts: ["*"], configurations: [] }] },
      "\n  networks[0].hosts[0]: must be host, host:port or *.domain:port\n  extra: unknown key",
    ],
    ["too large", " ".repeat(300 * 1024), "is larger than"],
  ])("update refuses a file that is %s before it sends anything", async (name, content, message) => {
    const path = content === undefined ? join(directory, "absent") : await written(`${name}.json`, content);
    // There is no relay, so a request that was sent would end with another error.
    const env = { CULVERT_RELAY: "http://127.0.0.1:1" };
    const run = await culvert(
      ["tunnel", "services", "update", "--tunnel-id", ABSENT, "--configuration-file", path],
      { env },
    );
    expect(run).toMatchObject({ code: 2, out: "" });
    expect(run.err).toContain(message);
  });

  it("update does not overwrite what somebody else has changed in the meantime", async () => {
    const { id } = await createTunnel("contended");
    const theirs = JSON.stringify({ version: 1, services: [] });
    const between = await startProxy(async (method) => {
      if (method !== "PUT") return;
      await fetch(`${relay.url}/v1/tunnels/${id}/services-configuration`, {
        method: "PUT",
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
        body: theirs,
      });
    });
    const file = await written("contended.json", services);
    const run = await culvert(
      ["tunnel", "services", "update", "--tunnel-id", id, "--configuration-file", file],
      { env: { CULVERT_RELAY: between.url } },
    );
    between.close();
    expect(run.code).toBe(1);
    expect(run.err).toContain("somebody else has replaced the services file");
    expect(await json(["tunnel", "services", "describe", "--tunnel-id", id])).toEqual(JSON.parse(theirs));
  });
});

describe.concurrent("culvert gateway-key, api-key and audit-log", () => {
  it("make, list and delete gateways' keys", async () => {
    const create = ["gateway-key", "create", "--project", "my-project", "--environment", "production"];
    const { kid, key } = await json<{ kid: string; key: string }>(create);
    expect(key).toMatch(/^culvert_gateway_/);
    const list = await culvert(["gateway-key", "list"]);
    expect(list.out).toMatch(new RegExp(`^${kid}  my-project +production `, "m"));
    const known = await json<{ kid: string; publicUrl: string }>([
      ...create,
      "--public-url",
      "https://api.example/base",
    ]);
    expect(known.publicUrl).toBe("https://api.example/base");
    expect((await culvert(["gateway-key", "list"])).out).toMatch(
      new RegExp(`^${known.kid}  my-project +production +https://api.example/base `, "m"),
    );
    expect((await culvert([...create, "--public-url", "api.example"])).code).not.toBe(0);
    expect(list.out).not.toContain(key);
    expect((await culvert(["gateway-key", "delete", "--kid", kid, "--yes"])).code).toBe(0);
    expect((await culvert(["gateway-key", "delete", "--kid", kid, "--yes"])).code).toBe(4);
  });

  it("make keys of the API with the right role", async () => {
    const { kid, key } = await json<{ kid: string; key: string }>(["api-key", "create", "--role", "viewer"]);
    const env = { CULVERT_API_KEY: key };
    expect((await culvert(["tunnel", "list"], { env })).code).toBe(0);
    const refused = await culvert(["tunnel", "create", "--tunnel-name", "not allowed"], { env });
    expect(refused).toMatchObject({ code: 3, out: "" });
    expect(refused.err).toContain("role");
    expect(await culvert(["api-key", "create", "--role", "root"])).toMatchObject({ code: 2, out: "" });
    expect((await culvert(["api-key", "delete", "--kid", kid, "--yes"])).code).toBe(0);
    expect((await culvert(["tunnel", "list"], { env })).code).toBe(3);
  });

  it("show who changed what", async () => {
    const { id } = await createTunnel("audited");
    const people = await culvert(["audit-log"]);
    expect(people.out).toMatch(
      new RegExp(`admin-key +\\S+ +tunnel\\.create +${id} +- +name=audited token=k_`),
    );
    const [newest] = await json<object[]>(["audit-log", "--limit", "1"]);
    expect(newest).toHaveProperty("action");
    expect((await culvert(["audit-log", "--limit", "many"])).code).toBe(2);
  });
});

describe.concurrent("culvert requests", () => {
  it("finds refused requests by their facts, for people and for programs", async () => {
    const { id } = await createTunnel("searched");
    const { key } = await json<{ key: string }>([
      ...["gateway-key", "create", "--project", "shop", "--environment", "production"],
    ]);
    const answer = await fetch(`${relay.url}/~/${id}/no-such-api/orders`, {
      headers: { "culvert-gateway-key": key },
    });
    const requestId = answer.headers.get("culvert-request-id") ?? "none";
    const find = ["requests", "--tunnel-id", id];
    let found: { code: string }[] = [];
    for (const endMs = Date.now() + 60_000; found.length === 0 && Date.now() < endMs;) {
      found = await json([...find, "--id", requestId]);
    }
    expect(found).toMatchObject([{ requestId, code: "UNKNOWN_SERVICE", project: "shop", path: "/orders" }]);
    const { out } = await culvert([
      ...find,
      "--caller",
      "shop/production",
      "--since",
      "10m",
      "--code",
      "any",
    ]);
    expect(out).toContain(requestId);
    expect(out).toContain("UNKNOWN_SERVICE");
    expect((await culvert([...find, "--code", "NO_CONNECTOR"])).out).toBe("(none)\n");
    expect(await culvert([...find, "--since", "last week"])).toMatchObject({ code: 2 });
    expect(await culvert([...find, "--status", "900"])).toMatchObject({ code: 2 });
    expect(await culvert(["requests", "--tunnel-id", ABSENT])).toMatchObject({ code: 4 });
  });
});

describe.concurrent("culvert capture", () => {
  it("starts, lists, shows, stops and deletes; viewers only see that there is one", async () => {
    const { id } = await createTunnel("captured");
    const file = join(directory, "captured.json");
    const caller = { project: "captured", accessibleBy: "production" };
    const services = [{ name: "api", endpoint: "http://127.0.0.1:1", configurations: [caller] }];
    await writeFile(file, JSON.stringify({ version: 1, services }));
    const update = ["tunnel", "services", "update", "--configuration-file", file, "--tunnel-id", id];
    expect((await culvert(update)).code).toBe(0);
    const of = ["--tunnel-id", id];
    const start = ["capture", "start", ...of, "--service", "api", "--for", "5m", "--requests", "3"];
    const { id: captureId } = await json<{ id: string }>(start);
    expect(await culvert([...start, "--for", "2h"])).toMatchObject({ code: 2, out: "" });
    expect((await culvert(["tunnel", "describe", ...of])).out).toMatch(
      /^Capturing api, by admin-key, until 20/m,
    );

    const { key } = await json<{ key: string }>(["api-key", "create", "--role", "viewer"]);
    const env = { CULVERT_API_KEY: key };
    const capture = [...of, "--capture-id", captureId];
    expect((await culvert(["capture", "list", ...of], { env })).out).toMatch(/api +capturing +0 of 3 /);
    expect(await culvert(["capture", "show", ...capture], { env })).toMatchObject({ code: 3 });

    const { key: gatewayKey } = await json<{ key: string }>([
      ...["gateway-key", "create", "--project", "captured", "--environment", "production"],
    ]);
    const answer = await fetch(`${relay.url}/~/${id}/api/pay?token=s3cret-of-a-test`, {
      headers: { "culvert-gateway-key": gatewayKey, "x-plain": "shown" },
    });
    const find = ["requests", ...of, "--id", answer.headers.get("culvert-request-id") ?? "none"];
    await eventually("the captured request", 60_000, async () => (await json<object[]>(find)).length > 0);
    const { out } = await culvert(find);
    expect(out).toContain("> GET api/pay?token=[redacted]");
    expect(out).toContain("> x-plain: shown");
    expect(await json(["capture", "show", ...capture])).toMatchObject([{ response: null }]);
    expect(await json(["capture", "stop", ...capture])).toMatchObject({ id: captureId, state: "over" });
    expect((await culvert(["capture", "delete", ...capture, "--yes"])).code).toBe(0);
  });
});

describe.concurrent("culvert's settings", () => {
  it("are taken from flags, anywhere in the line, before the environment", async () => {
    const env = { CULVERT_RELAY: "http://127.0.0.1:1", CULVERT_API_KEY: "wrong" };
    const flags = ["--relay", relay.url, "--api-key", ADMIN_KEY];
    for (const args of [
      [...flags, "tunnel", "list"],
      ["tunnel", ...flags, "list"],
      ["tunnel", "list", ...flags],
    ]) {
      expect((await culvert(args, { env })).code).toBe(0);
    }
  });

  it("are kept by login in a file for its owner alone", async () => {
    const home = await mkdtemp(join(directory, "home-"));
    const env = { HOME: home, CULVERT_RELAY: undefined, CULVERT_API_KEY: undefined };
    expect((await culvert(["tunnel", "list"], { env })).code).toBe(2);
    const wrong = await culvert(["login", "--relay", relay.url], { env, input: "wrong\n" });
    expect(wrong.code).toBe(3);
    const path = join(home, ".config/culvert/profile.json");
    expect(await culvert(["login", "--relay", relay.url], { env, input: `${ADMIN_KEY}\n` })).toEqual({
      code: 0,
      out: `Kept in ${path}.\n`,
      err: "",
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await culvert(["tunnel", "list"], { env })).code).toBe(0);

    const elsewhere = await culvert(["tunnel", "list", "--relay", "http://127.0.0.1:1"], { env });
    expect(elsewhere).toMatchObject({ code: 2, out: "" });

    await chmod(path, 0o644);
    const open = await culvert(["tunnel", "list"], { env });
    expect(open).toMatchObject({ code: 2, out: "" });
    expect(open.err).toContain("chmod 600");
    await chmod(path, 0o600);
    await writeFile(path, `{"relay": 7, "apiKey": "${ADMIN_KEY}", "more": 1`);
    const broken = await culvert(["tunnel", "list"], { env });
    expect(broken.code).toBe(2);
    expect(broken.err).not.toContain(ADMIN_KEY);
    expect(await readFile(path, "utf8")).toContain(ADMIN_KEY);
  });

  it.each([
    ["a wrong key", { CULVERT_API_KEY: "wrong" }, 3, "A valid key is required."],
    ["no key", { CULVERT_API_KEY: undefined }, 2, "CULVERT_API_KEY"],
    ["no relay", { CULVERT_RELAY: undefined }, 2, "CULVERT_RELAY"],
    ["a relay over plain http", { CULVERT_RELAY: "http://relay.example" }, 2, "https://host"],
    ["a relay that is no URL", { CULVERT_RELAY: "relay" }, 2, "https://host"],
    ["a key that no header can hold", { CULVERT_API_KEY: "canary\nkey" }, 2, "API key"],
    [
      "a proxy that is none",
      { CULVERT_RELAY: "https://relay.example", HTTPS_PROXY: "ftp://x" },
      2,
      "HTTPS_PROXY",
    ],
    ["no network", { CULVERT_RELAY: "http://127.0.0.1:1" }, 5, "cannot be reached"],
    ["a name nobody knows", { CULVERT_RELAY: "https://relay.invalid" }, 5, "ENOTFOUND"],
  ])("with %s end in their own exit code", async (_, env, code, message) => {
    const run = await culvert(["tunnel", "list"], { env });
    expect(run).toMatchObject({ code, out: "" });
    expect(run.err).toContain(message);
    expect(run.err).not.toContain("    at ");
    expect(run.err).not.toContain("canary");
  });

  it("that lead to something other than a relay are reported", async () => {
    let answer = "<html>";
    const other = createServer((_request, response) => response.end(answer)).listen(0, "127.0.0.1");
    await once(other, "listening");
    const env = { CULVERT_RELAY: `http://127.0.0.1:${(other.address() as AddressInfo).port}` };
    for (answer of ["<html>", '"text"', "[]", '{"hello":1}']) {
      const run = await culvert(["tunnel", "list"], { env });
      expect(run).toMatchObject({ code: 5, out: "" });
      expect(run.err).toContain("not as a Culvert relay");
    }
    other.close();
    expect((await culvert(["tail", "--tunnel-id", ABSENT], { env })).code).toBe(5);
  });

  it("for proxy and CAs apply to every command", async () => {
    const asked: string[] = [];
    const relayPort = Number(new URL(relay.url).port);
    const front = createTlsServer(trustedIdentity, (socket) => {
      const onward = connectTcp(relayPort, "127.0.0.1");
      for (const end of [socket, onward]) end.on("error", () => {});
      socket.pipe(onward).pipe(socket);
    }).listen(0, "127.0.0.1");
    await once(front, "listening");
    const { port } = front.address() as AddressInfo;
    const proxy = createServer().listen(0, "127.0.0.1");
    proxy.on("connect", ({ url = "" }, socket: Socket) => {
      asked.push(url);
      const onward = connectTcp(port, "127.0.0.1");
      for (const end of [socket, onward]) end.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    await once(proxy, "listening");
    const env = {
      CULVERT_RELAY: `https://localhost:${port}`,
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NODE_EXTRA_CA_CERTS: TRUSTED_CERTIFICATE_FILE,
    };
    expect(await culvert(["tunnel", "list"], { env })).toMatchObject({ code: 0, err: "" });
    // The relay itself refuses, after the handshake.
    expect(await culvert(["tail", "--tunnel-id", ABSENT], { env })).toMatchObject({ code: 4 });
    // The status of each tunnel in the list is requested, several at a time.
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(new Set(asked)).toEqual(new Set([`localhost:${port}`]));
    const before = asked.length;

    expect((await culvert(["tunnel", "list"], { env: { ...env, NO_PROXY: "localhost" } })).code).toBe(0);
    expect(asked).toHaveLength(before);
    const distrusting = await culvert(["tunnel", "list"], {
      env: { ...env, NODE_EXTRA_CA_CERTS: undefined },
    });
    expect(distrusting.code).toBe(5);
    expect(distrusting.err).toContain("NODE_EXTRA_CA_CERTS");
    front.close();
    proxy.close();
    const gone = await culvert(["tail", "--tunnel-id", ABSENT], { env });
    expect(gone.code).toBe(5);
    expect(gone.err).toContain("cannot be reached");
  });
});

describe.concurrent("culvert", () => {
  it("prints nothing that a terminal would obey, whatever the relay sends", async () => {
    const evil = "a\u001b[2J\u009b31m\u202e\nb";
    const tunnel = {
      ...{ id: evil, name: evil, createdAt: evil, status: evil, token: evil, kid: evil },
      connectors: [
        {
          ...{ id: evil, version: evil, connectedAt: evil, openStreams: 1, kid: evil },
          ...{ name: "rack-7", host: "rack-7.internal", platform: evil, addresses: [evil, "203.0.113.7"] },
          health: { passing: 0, pending: 0, failing: [{ service: evil, reason: evil }] },
        },
      ],
      tokens: [{ kid: evil, createdAt: evil, expiresAt: evil, lastUsedAt: null, connectors: 1 }],
      ...{ services: [evil], servicesConfigurationVersion: 1, nextCursor: null, items: [] as object[] },
    };
    tunnel.items = [{ ...tunnel, items: [] }];
    const hostile = createServer((request, response) => {
      const problem = { code: "FAILED", title: evil, detail: evil };
      const traffic = { points: [], services: [], codes: [{ code: evil, count: 1 }] };
      // An unknown status would end the description before anything is printed.
      const one = request.url?.endsWith(ABSENT) === true ? { ...tunnel, status: "degraded" } : tunnel;
      if (request.method === "DELETE") response.writeHead(500).end(JSON.stringify(problem));
      else response.end(JSON.stringify(request.url?.includes("/traffic") === true ? traffic : one));
    }).listen(0, "127.0.0.1");
    await once(hostile, "listening");
    const env = { CULVERT_RELAY: `http://127.0.0.1:${(hostile.address() as AddressInfo).port}` };
    for (const args of [
      ["tunnel", "list"],
      ["tunnel", "list", "--json"],
      ["tunnel", "create", "--tunnel-name", "a"],
      ["tunnel", "describe", "--tunnel-id", ABSENT],
      ["tunnel", "describe", "--tunnel-id", ABSENT, "--json"],
      ["tunnel", "rotate-token", "--tunnel-id", ABSENT],
      ["tunnel", "delete", "--tunnel-id", ABSENT, "--yes"],
      ["api-key", "create", "--role", "viewer"],
      ["api-key", "list"],
      ["nope\u001b[2J\u009b31m"],
    ]) {
      const { out, err } = await culvert(args, { env });
      expect(`${out}${err}`).not.toBe("");
      expect(`${out}${err}`.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
    }
    const { out, err } = await culvert(["tunnel", "describe", "--tunnel-id", ABSENT], { env });
    expect(err).toBe("");
    expect(out).toMatch(/^CONNECTOR +HOST +PLATFORM +ADDRESS$/m);
    expect(out).toMatch(/^rack-7 +rack-7\.internal .* 203\.0\.113\.7$/m);
    hostile.close();
  });

  it("shows no default that does not exist", async () => {
    for (const path of [["tail"], ["doctor"], ["connect"], ["audit-log"]]) {
      expect((await culvert([...path, "--help"])).out).not.toMatch(/default: (null|\[\])/);
    }
  });

  it("explains every command, with examples", async () => {
    const root = await culvert(["--help"]);
    expect(root.code).toBe(0);
    expect(root.out).toContain("Exit codes:");
    for (const path of [
      ["tunnel", "create"],
      ["tunnel", "services", "update"],
      ["gateway-key", "create"],
      ["audit-log"],
      ["login"],
      ["completion"],
    ]) {
      const help = await culvert([...path, "--help"]);
      expect(help).toMatchObject({ code: 0, err: "" });
      expect(help.out).toContain(`Examples:\n  `);
    }
  });

  it.each([
    [["nope"]],
    [["tunnel"]],
    [["tunnel", "create"]],
    [["tunnel", "list", "--nope"]],
    [["tunnel", "list", "more"]],
    [["completion", "tcsh"]],
  ])("ends %j with the usage code", async (args) => {
    expect(await culvert(args)).toMatchObject({ code: 2, out: "" });
  });

  it("keeps its exit code if standard error is full or closed", async () => {
    for (const redirection of ["2>/dev/full", "2>&-"]) {
      const script = `"$0" "$1" tunnel nope ${redirection}`;
      const child = spawn("sh", ["-c", script, process.execPath, CULVERT_BUNDLE], { stdio: "ignore" });
      expect(await once(child, "close")).toEqual([2, null]);
    }
  });

  it.each([
    ["culvert ", ["connect", "tunnel", "audit-log", "--version"]],
    ["culvert tunnel ro", ["rotate-token"]],
    ["culvert tunnel services ", ["describe", "update", "versions", "rollback"]],
    ["culvert tunnel services update --con", ["--configuration-file"]],
    ["culvert tunnel delete --tunnel-id tnl_x --", ["--yes", "--relay"]],
  ])("completes %j in bash", async (line, expected) => {
    const { out } = await culvert(["completion", "bash"]);
    const words = line.split(" ");
    const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_culvert; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const completed = await new Promise<string>((resolve, reject) => {
      execFile("bash", ["-c", script], (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
    expect(completed.split("\n")).toEqual(expect.arrayContaining(expected));
  });

  it.each(["zsh", "fish"])("prints a script for %s that knows every command", async (shell) => {
    const { code, out } = await culvert(["completion", shell]);
    expect(code).toBe(0);
    for (const word of ["rotate-token", "configuration-file", "gateway-key"]) expect(out).toContain(word);
  });
});

/** The output of a command in its own terminal, where a person types `answer`. */
async function atTerminal(args: string, answer: string): Promise<string> {
  const child = spawn(SCRIPT, ["-qec", `'${process.execPath}' '${CULVERT_BUNDLE}' ${args}`, "/dev/null"], {
    env: { ...process.env, HOME: directory, CULVERT_RELAY: relay.url, CULVERT_API_KEY: ADMIN_KEY },
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 20_000,
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.includes("[y/N]")) child.stdin.end(`${answer}\n`);
  });
  await once(child, "close");
  return out;
}

/** Forwards requests to the relay after `before` has run. */
async function startProxy(
  before: (method: string) => Promise<void>,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const handOn = () => {
      const onward = httpRequest(`${relay.url}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    };
    before(method).then(handOn, () => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
