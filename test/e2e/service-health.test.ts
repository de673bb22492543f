import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import type { Child } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { type LocalTunnels, startConnector, startLocalTunnels } from "../../scripts/demo/local-tunnels.ts";
import { formatToken, parseToken } from "../../shared/tokens/token.ts";
import { gatewayBundle } from "../support/made-once.ts";
import { untrustedIdentity } from "../support/tls-identities.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

const ADMIN_KEY = "health-admin-key-0123456789abcdef";
/** Nothing listens here. */
const CLOSED_PORT = 9;
const WAIT_MS = 30_000;

/** Put wherever a secret may be configured. None may appear in any output. */
const CANARIES = {
  authorization: "canary-authorization-1f3a",
  cookie: "canary-cookie-77ce",
  setCookie: "canary-set-cookie-9b20",
  query: "canary-query-52dd",
  requestBody: "canary-request-body-c8e1",
  responseBody: "canary-response-body-0a94",
  proxyUser: "canary-proxy-user-34f7",
  proxyPassword: "canary-proxy-password-e65b",
};

/** Each connector calls the API with its own Host, so that the API can fail for only one of them. */
const HOSTS = { one: "one.example", two: "two.example" };
type Name = keyof typeof HOSTS;

const closers: (() => unknown)[] = [];
const failingFor = new Set<string>();
const connectors = new Map<Name, Child>();
const origins = new Map<Name, string>();
let api: Server;
let proxyPort: number;
let system: LocalTunnels;

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "culvert-health-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  api = createServer((request, response) => {
    const host = request.headers.host ?? "";
    if (request.url === "/healthz") return void response.writeHead(failingFor.has(host) ? 503 : 200).end();
    response.setHeader("set-cookie", CANARIES.setCookie);
    request.resume().on("end", () => response.end(`${host} ${CANARIES.responseBody}`));
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  closers.push(() => {
    api.closeAllConnections();
    api.close();
  });
  const proxy = createTcpServer((socket) => {
    socket
      .once("data", () => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"))
      .on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  closers.push(() => proxy.close());
  proxyPort = portOf(proxy);

  const bundlePath = await gatewayBundle(directory);
  const configurations = [{ project: "p", accessibleBy: "production" }];
  const endpoint = `http://127.0.0.1:${portOf(api)}`;
  const quick = { intervalSeconds: 1, healthyThreshold: 1, unhealthyThreshold: 1 };
  system = await startLocalTunnels({
    relayBundle: RELAY_BUNDLE,
    persistDir: join(directory, "state"),
    adminKey: ADMIN_KEY,
    services: {
      main: {
        version: 1,
        services: [
          { name: "asked-api", endpoint, configurations, healthCheck: { path: "/healthz", ...quick } },
          { name: "plain-api", endpoint, configurations },
          { name: "dead-api", endpoint: `http://127.0.0.1:${CLOSED_PORT}`, configurations },
          { name: "unchecked-api", endpoint, configurations, healthCheck: false },
        ],
      },
      well: { version: 1, services: [{ name: "plain-api", endpoint, configurations }] },
    },
    gateways: (ids) => [
      {
        name: "test",
        bundlePath,
        tunnelBindings: [
          { binding: "TUNNEL", props: { tunnel: ids["main"], project: "p", environment: "production" } },
        ],
      },
    ],
  });
  closers.push(() => system.workerd.stop(500));
  for (const name of ["one", "two"] as const) {
    const connector = await startConnector(
      CULVERT_BUNDLE,
      { admin: system.admin, tunnel: tunnel("main") },
      {
        TUNNEL_ALLOW: "127.0.0.1",
        TUNNEL_UPSTREAMS: `127.0.0.1: { hostHeader: ${HOSTS[name]} }`,
        TUNNEL_LOGLEVEL: "debug",
        HTTPS_PROXY: proxyUrl(),
      },
    );
    closers.push(() => connector.stop(2_000));
    connectors.set(name, connector);
    const started = await connector.line(/"metrics":"(http:\/\/[^"]+)"/, WAIT_MS);
    origins.set(name, started[1] ?? "");
  }
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

function tunnel(name: "main" | "well" = "main") {
  const found = system.tunnels[name];
  if (found === undefined) throw new Error(`no tunnel ${name}`);
  return found;
}

/** A well-formed token that the relay did not issue. */
function forgedToken(): string {
  const parsed = parseToken(tunnel().token);
  if (!parsed.ok) throw new Error(parsed.problem);
  return formatToken({ ...parsed.token, secret: new Uint8Array(32) });
}

function proxyUrl(): string {
  return `http://${CANARIES.proxyUser}:${CANARIES.proxyPassword}@127.0.0.1:${proxyPort}`;
}

function callApi(service: string, path = "/"): Promise<Response> {
  return fetch(`${system.workerd.gatewayUrls["test"]}/pass/TUNNEL/http://${service}${path}`, {
    method: "POST",
    headers: { authorization: CANARIES.authorization, cookie: `session=${CANARIES.cookie}` },
    body: CANARIES.requestBody,
  });
}

async function servedBy(service: string, count: number): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, async () => (await (await callApi(service)).text()).split(" ", 1)[0] ?? ""),
  );
  return [...new Set(answers)].sort();
}

const logLines = () => [...connectors.values()].flatMap(({ lines }) => lines);

/** Polls, because lines are written in batches. */
function linesWith(text: string, count: number): Promise<string[]> {
  return eventually(`${count} lines with ${text}`, WAIT_MS, () => {
    const lines = logLines().filter((line) => line.includes(text));
    return lines.length >= count && lines;
  });
}

interface Described {
  connectors: {
    health: { passing: number; pending: number; failing: { service: string; reason: string }[] };
  }[];
}

async function describeTunnel(): Promise<Described> {
  const response = await fetch(`${system.workerd.url}/v1/tunnels/${tunnel().id}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  return (await response.json()) as Described;
}

/** Waits until this many connectors find that the service fails. */
const untilFailing = (service: string, count: number) =>
  eventually(`${service} to fail on ${count}`, WAIT_MS, async () => {
    const { connectors } = await describeTunnel();
    const failing = connectors.filter(({ health }) =>
      health.failing.some((found) => found.service === service),
    );
    return failing.length === count && connectors.every(({ health }) => health.pending === 0);
  });

interface Run {
  code: number;
  out: string;
}

function culvert(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { env: { ...bareEnvironment(), HTTPS_PROXY: proxyUrl(), ...env }, timeout: 20_000 };
    execFile(process.execPath, [CULVERT_BUNDLE, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out: stdout + stderr });
    });
  });
}

const doctor = (args: readonly string[], env: Record<string, string> = {}) =>
  culvert(["doctor", ...args], { TUNNEL_TOKEN: tunnel().token, TUNNEL_ALLOW: "127.0.0.1", ...env });

describe("a service whose check fails on one connector", () => {
  it("is served by the other one alone, and by both when it has recovered", async () => {
    await untilFailing("asked-api", 0);
    expect(await servedBy("asked-api", 60)).toEqual([HOSTS.one, HOSTS.two]);
    failingFor.add(HOSTS.one);
    await untilFailing("asked-api", 1);
    expect(await servedBy("asked-api", 60)).toEqual([HOSTS.two]);
    expect(await servedBy("plain-api", 60)).toEqual([HOSTS.one, HOSTS.two]);
    failingFor.add(HOSTS.two);
    await untilFailing("asked-api", 2);
    expect(await servedBy("asked-api", 60)).toEqual([HOSTS.one, HOSTS.two]);
    failingFor.clear();
    await untilFailing("asked-api", 0);
    expect(await servedBy("asked-api", 60)).toEqual([HOSTS.one, HOSTS.two]);
  });

  it("is shown by describe, with the reason", async () => {
    await untilFailing("dead-api", 2);
    const { code, out } = await culvert(["tunnel", "describe", "--tunnel-id", tunnel().id], {
      CULVERT_RELAY: system.workerd.url,
      CULVERT_API_KEY: ADMIN_KEY,
    });
    expect(code, out).toBe(0);
    expect(out).toContain("2 of 3 services");
    expect(out).toMatch(
      /^Failing checks\nSERVICE +CONNECTOR +REASON\ndead-api +con_\w+ +UPSTREAM_REFUSED\n/m,
    );
  });
});

describe("culvert doctor", () => {
  it("checks everything between its settings and the upstreams, and says what to fix", async () => {
    const { code, out } = await doctor([]);
    const verdicts = out.split("\n").filter((line) => /^(PASS|FAIL|SKIP)/.test(line));
    const verdictOf = (check: string) =>
      verdicts.find((line) => line.slice(6).startsWith(check))?.slice(0, 4);
    for (const check of ["settings", "token", "connection", "relay", "attach", "latency", "allowlist"]) {
      expect([check, verdictOf(check)], out).toEqual([check, "PASS"]);
    }
    for (const check of ["proxy", "dns", "tls"])
      expect([check, verdictOf(check)], out).toEqual([check, "SKIP"]);
    expect(verdictOf("service asked-api"), out).toBe("PASS");
    expect(verdictOf("service plain-api"), out).toBe("PASS");
    expect(out).toMatch(/^FAIL {2}service dead-api .*ECONNREFUSED\n +→ start the API/m);
    expect(out).not.toContain("unchecked-api");
    expect(code).toBe(1);
  });

  it("disturbs nothing: the connectors stay attached, and it gets no request", async () => {
    const requests = Promise.all(
      Array.from({ length: 200 }, async () => (await callApi("plain-api")).status),
    );
    const runs = await Promise.all([doctor(["--json"]), doctor(["--json"])]);
    for (const { out } of runs) expect(JSON.parse(out)).toMatchObject({ ok: false });
    expect(new Set(await requests)).toEqual(new Set([200]));
    await eventually("two connectors", WAIT_MS, async () => (await describeTunnel()).connectors.length === 2);
  });

  it("also checks given upstreams, and exits with 0 if nothing fails", async () => {
    const origin = `http://127.0.0.1:${portOf(api)}`;
    const well = { TUNNEL_TOKEN: tunnel("well").token };
    const { out, code } = await doctor(["--json", "--upstream", `${origin}/healthz`], well);
    const { ok, findings } = JSON.parse(out) as {
      ok: boolean;
      findings: { check: string; verdict: string }[];
    };
    expect(findings.slice(-2)).toMatchObject([
      { check: "service plain-api", verdict: "PASS" },
      { check: `service ${origin}`, verdict: "PASS" },
    ]);
    expect([ok, code], out).toEqual([true, 0]);
  });

  it("distinguishes ports with and without TLS, finds blocked addresses, and requests given paths", async () => {
    const asked: string[] = [];
    const plain = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(request.url === "/" ? 500 : 200).end();
    });
    const secure = createHttpsServer(untrustedIdentity, (_request, response) => response.end());
    for (const server of [plain, secure]) await once(server.listen(0, "127.0.0.1"), "listening");
    const at = (server: typeof plain | typeof secure) => `127.0.0.1:${portOf(server)}`;
    const { out } = await doctor(
      [
        "--json",
        ...[
          `http://${at(secure)}`,
          `http://${at(secure)}/x`,
          `https://${at(plain)}`,
          `https://${at(secure)}`,
        ],
        ...[`http://${at(plain)}/`, `http://${at(plain)}/x?a=b&c`, "http://169.254.169.254/"],
      ].flatMap((arg, index) => (index === 0 ? [arg] : ["--upstream", arg])),
      { TUNNEL_TOKEN: tunnel("well").token, TUNNEL_ALLOW: "*" },
    );
    const { findings } = JSON.parse(out) as { findings: { verdict: string; remedy: string | null }[] };
    expect(findings.slice(-7), out).toMatchObject([
      { verdict: "FAIL", remedy: `write https://${at(secure)}` },
      { verdict: "FAIL", remedy: `write https://${at(secure)}` },
      { verdict: "FAIL", remedy: `it does not speak TLS on this port: write http://${at(plain)}` },
      { verdict: "FAIL", remedy: expect.stringContaining("trust its CA") as string },
      { verdict: "FAIL", remedy: expect.stringContaining("unhealthy") as string },
      { verdict: "PASS" },
      { verdict: "FAIL", remedy: expect.stringContaining("no setting opens") as string },
    ]);
    expect(asked.sort()).toEqual(["/", "/x?a=b&c"]);
    for (const server of [plain, secure]) {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each<[what: string, env: Record<string, string>, check: string, remedy: RegExp]>([
    ["an empty allowlist", { TUNNEL_ALLOW: "" }, "allowlist", /set TUNNEL_ALLOW/],
    ["a token that is missing", { TUNNEL_TOKEN: "" }, "settings", /^correct it/],
    ["a token that the relay does not know", { TUNNEL_TOKEN: "forged" }, "attach", /set TUNNEL_TOKEN/],
    [
      "a relay that nobody answers for",
      { TUNNEL_RELAY: "http://127.0.0.1:9" },
      "connection",
      /let this host connect out/,
    ],
    ["a proxy that refuses", { TUNNEL_RELAY: "https://relay.invalid" }, "connection", /HTTPS_PROXY/],
  ])("fails for %s", async (_what, env, check, remedy) => {
    const token = env["TUNNEL_TOKEN"] === "forged" ? { TUNNEL_TOKEN: forgedToken() } : {};
    const { code, out } = await doctor(["--json"], { ...env, ...token });
    const { findings } = JSON.parse(out) as {
      findings: { check: string; verdict: string; remedy: string | null }[];
    };
    const failed = findings.find((finding) => finding.check === check);
    expect(failed, out).toMatchObject({ verdict: "FAIL" });
    expect(failed?.remedy).toMatch(remedy);
    expect(code).toBe(1);
  });
});

describe("a connector's own reports", () => {
  it("counts per service, and tells which services are up", async () => {
    const text = await (await fetch(`${origins.get("one")}/metrics`)).text();
    expect(text).toMatch(
      /^culvert_connector_requests_total\{service="plain-api",kind="http",status="2xx"\} \d+$/m,
    );
    expect(text).toMatch(/^culvert_connector_request_duration_seconds_count\{service="asked-api"\} \d+$/m);
    expect(text).toContain('culvert_connector_service_up{service="dead-api"} 0\n');
    expect(text).toContain('culvert_connector_service_up{service="plain-api"} 1\n');
    expect(text).toContain('culvert_connector_links{state="ready"} 1\n');
    expect(text).toContain("culvert_connector_active_streams 0\n");
  });

  it("have a line for each request with what an operator needs", async () => {
    await callApi("plain-api", `/v1/orders?key=${CANARIES.query}`);
    const [line = ""] = await linesWith("/v1/orders", 1);
    expect(JSON.parse(line)).toEqual({
      time: expect.any(String) as string,
      level: "info",
      msg: "request",
      kind: "http",
      requestId: expect.any(String) as string,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      project: "p",
      environment: "production",
      service: "plain-api",
      method: "POST",
      path: "/v1/orders",
      status: 200,
      code: null,
      requestBytes: CANARIES.requestBody.length,
      responseBytes: expect.any(Number) as number,
      waitMs: expect.any(Number) as number,
      durationMs: expect.any(Number) as number,
    });
  });

  it("contain no secret, wherever one was planted", async () => {
    await callApi("plain-api", `/v1/secret?key=${CANARIES.query}`);
    await callApi("dead-api", `/v1/secret?key=${CANARIES.query}`);
    // It is counted once by the connector that served it, and once by each connector that tried and failed before.
    await linesWith("/v1/secret", 2);
    const pages = [...origins.values()].flatMap((origin) =>
      ["/metrics", "/readyz", "/healthz"].map((p) => origin + p),
    );
    const account = [
      ...logLines(),
      ...(await Promise.all(pages.map(async (page) => (await fetch(page)).text()))),
      (await doctor([])).out,
      (await doctor(["--json"], { TUNNEL_RELAY: "https://relay.invalid" })).out,
      (await doctor([], { TUNNEL_TOKEN: `${tunnel().token}x` })).out,
      (await doctor([], { HTTPS_PROXY: `${proxyUrl()}/path` })).out,
      system.workerd.logs(),
    ].join("\n");
    // All of these places were used: requests, a refusal, the proxy.
    for (const told of ["/v1/secret", "ECONNREFUSED", `the proxy 127.0.0.1:${proxyPort} answered 407`]) {
      expect(account).toContain(told);
    }
    const token = tunnel().token;
    for (const secret of [...Object.values(CANARIES), token.slice(8, 40), token.slice(-40), token]) {
      expect(account.includes(secret), secret).toBe(false);
    }
  });
});
