import { describe, expect, it } from "vitest";
import { formatToken } from "../../shared/tokens/token.ts";
import { type ConnectorSettings, loadConfig } from "./connector-settings.ts";
import { nameOfHost } from "./settings-schema.ts";
import { type Flags, SETTING_NAMES, type SettingName, SETTINGS } from "./setting-table.ts";

const tokenFor = (relayUrl: string) =>
  formatToken({
    relayUrl,
    tunnelId: `tnl_${"a".repeat(20)}`,
    kid: `k_${"b".repeat(12)}`,
    secret: new Uint8Array(32).fill(7),
  });
const TOKEN = tokenFor("https://relay.example");
const IDENTITY = `https://identity.example/v1/tunnels/tnl_${"a".repeat(20)}/identities/wid_${"b".repeat(12)}`;
const ISSUER_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJpIn0.c2ln";

function load(env: Record<string, string>, flags: Flags = {}, files: Record<string, string> = {}) {
  return loadConfig(flags, env, (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return text;
  });
}

function problemsOf(env: Record<string, string>, flags: Flags = {}, files: Record<string, string> = {}) {
  const result = load(env, flags, files);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("loadConfig", () => {
  it("needs only the token", () => {
    const result = load({ TUNNEL_TOKEN: TOKEN });
    expect(result).toMatchObject({
      ok: true,
      config: {
        relayUrl: "https://relay.example",
        connections: 1,
        gracePeriodMs: 30_000,
        stallTimeoutMs: 300_000,
        metrics: null,
        logLevel: "info",
        allowsNothing: true,
      },
    });
  });

  it("prefers flags to the environment, and takes the token from a file", () => {
    const result = load(
      {
        TUNNEL_TOKEN_FILE: "/run/token",
        TUNNEL_CONNECTIONS: "2",
        TUNNEL_LOGLEVEL: "warn",
        TUNNEL_METRICS: "0.0.0.0:1",
      },
      { connections: "3", gracePeriod: "1m" },
      { "/run/token": `${TOKEN}\n` },
    );
    expect(result).toMatchObject({
      ok: true,
      config: {
        connections: 3,
        gracePeriodMs: 60_000,
        logLevel: "warn",
        metrics: { host: "0.0.0.0", port: 1 },
      },
    });
  });

  it("reports every problem at once, by the name it was set with, and never the value", () => {
    const problems = problemsOf(
      {
        TUNNEL_TOKEN: `${TOKEN.slice(0, -1)}x`,
        TUNNEL_ALLOW: "bad host,good.internal,x:0",
        TUNNEL_GRACE_PERIOD: "soon",
        TUNNEL_METRICS: "nowhere",
        TUNNEL_LOGLEVEL: "loud",
      },
      { connections: "9", relay: "http://relay.example" },
    );
    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      "TUNNEL_TOKEN",
      "--relay",
      "TUNNEL_ALLOW",
      "TUNNEL_ALLOW",
      "--connections",
      "TUNNEL_GRACE_PERIOD",
      "TUNNEL_METRICS",
      "TUNNEL_LOGLEVEL",
    ]);
    expect(problems.join("\n")).not.toContain(TOKEN.slice(10, 60));
  });

  it("says what to set when there is no token, and why a file gives none", () => {
    expect(problemsOf({})).toEqual([
      "TUNNEL_TOKEN: set TUNNEL_TOKEN, or TUNNEL_TOKEN_FILE to a file with the token",
    ]);
    expect(problemsOf({}, { tokenFile: "/none" })).toEqual(["--token-file: cannot be read: ENOENT"]);
  });

  it("sends the token without TLS to this machine only", () => {
    for (const relay of [
      "http://127.0.0.1:8787",
      "http://localhost:8787",
      "http://[::1]:1",
      "https://relay.example",
    ]) {
      expect(load({ TUNNEL_TOKEN: TOKEN, TUNNEL_RELAY: relay }).ok).toBe(true);
    }
    for (const relay of [
      "http://10.0.0.1",
      "http://127.0.0.1.evil.example",
      "https://relay/path",
      "wss://x",
      "x",
    ]) {
      expect(load({ TUNNEL_TOKEN: TOKEN, TUNNEL_RELAY: relay }).ok).toBe(false);
    }
    expect(problemsOf({ TUNNEL_TOKEN: tokenFor("http://relay.example") })).toEqual([
      "TUNNEL_TOKEN: names a relay without TLS",
    ]);
  });
});

describe("an identity", () => {
  const FILES = { "/token": `${ISSUER_TOKEN}\n`, "/tunnel": TOKEN };
  const ENV = { TUNNEL_IDENTITY: IDENTITY, TUNNEL_TOKEN_FILE: "/token" };

  it("names relay and tunnel, and the file contains its proof", () => {
    const loaded = load(ENV, {}, FILES);
    const kid = `wid_${"b".repeat(12)}`;
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        ...{ relayUrl: "https://identity.example", tokenText: ISSUER_TOKEN },
        token: { kid },
        identity: { kid },
      },
      files: ["/token"],
    });
  });

  it.each([
    [{ TUNNEL_TOKEN_FILE: "/tunnel" }, /^TUNNEL_TOKEN_FILE: is not a JSON Web Token/],
    [{ TUNNEL_IDENTITY: "" }, /^TUNNEL_TOKEN_FILE: is a JSON Web Token: set TUNNEL_IDENTITY/],
    [{ TUNNEL_TOKEN_FILE: "" }, /^TUNNEL_TOKEN: set TUNNEL_TOKEN_FILE/],
    [{ TUNNEL_IDENTITY: `${IDENTITY}/` }, /^TUNNEL_IDENTITY: must be an identity's address/],
    [{ TUNNEL_IDENTITY: IDENTITY.replace("https", "http") }, /^TUNNEL_IDENTITY: names a relay without TLS/],
    [
      { TUNNEL_IDENTITY: IDENTITY.replace("//", "//a:b@") },
      /^TUNNEL_IDENTITY: must be an identity's address/,
    ],
  ])("is refused with %j", (env, problem) => {
    expect(problemsOf({ ...ENV, ...env }, {}, FILES)).toEqual([expect.stringMatching(problem)]);
  });
});

describe("the settings file", () => {
  const withFile = (yaml: string, env: Record<string, string> = {}, flags: Flags = {}) =>
    load({ TUNNEL_TOKEN: TOKEN, ...env }, { config: "/c.yaml", ...flags }, { "/c.yaml": yaml });
  const problemsIn = (yaml: string) => {
    const result = withFile(yaml);
    return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
  };
  const SETTING_CASES: [name: SettingName, value: string, read: (config: ConnectorSettings) => unknown][] = [
    ["token", TOKEN, ({ tokenText }) => tokenText],
    ["tokenFile", "/run/token", ({ tokenText }) => tokenText],
    ["identity", IDENTITY, ({ identity, tokenText }) => [identity, tokenText]],
    ["relay", "https://other.example", ({ relayUrl }) => relayUrl],
    ["allow", "a.internal:80, 10.0.0.0/8", ({ policy, allowsNothing }) => [policy, allowsNothing]],
    ["services", "{pay: {methods: [get], paths: [/v1], maxBodyBytes: 5}}", ({ limits }) => [...limits]],
    [
      "upstreams",
      "{api.internal: {protocol: http2, connectTimeout: 2s}}",
      ({ upstreams }) =>
        upstreams.map(({ pattern, settings: { protocol, connectTimeoutMs } }) => [
          pattern,
          protocol,
          connectTimeoutMs,
        ]),
    ],
    ["connections", "3", ({ connections }) => connections],
    ["connectorName", "rack-7.internal", ({ connectorName }) => connectorName],
    ["maxStreams", "64", ({ maxStreams }) => maxStreams],
    ["gracePeriod", "5s", ({ gracePeriodMs }) => gracePeriodMs],
    ["stallTimeout", "90s", ({ stallTimeoutMs }) => stallTimeoutMs],
    ["metrics", "0.0.0.0:9", ({ metrics }) => metrics],
    ["loglevel", "debug", ({ logLevel }) => logLevel],
    ["accessLog", "5%", ({ accessLogShare }) => accessLogShare],
    ["proxy", "http://proxy.internal:3128", ({ proxy }) => proxy],
    ["proxyBypass", "relay.example", ({ proxyBypass }) => proxyBypass("relay.example", 443)],
    ["otlpEndpoint", "https://collector.internal/otlp/", ({ traces }) => traces?.url],
    ["otlpHeaders", "api-key=a%3Db,x-team=two", ({ traces }) => traces?.headers],
    ["traceShare", "0.25", ({ traces }) => traces?.rootShare],
  ];

  it("knows every setting", () => {
    expect(SETTING_CASES.map(([name]) => name)).toEqual(SETTING_NAMES);
  });

  it.each(SETTING_CASES)(
    "environment and flag can all set %s, and the most specific wins",
    (name, value, read) => {
      const { env, flag } = SETTINGS[name];
      const base: Record<string, string> =
        name === "token" || name === "tokenFile"
          ? {}
          : { TUNNEL_TOKEN: name === "identity" ? ISSUER_TOKEN : TOKEN };
      if (name === "otlpHeaders" || name === "traceShare") base["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c";
      const files = {
        "/run/token": TOKEN,
        "/c.yaml": `${name}: ${value}`,
        "/wrong.yaml": `${name}: [wrong]`,
      };
      const outcomes = [
        load(base, { config: "/c.yaml" }, files),
        load({ ...base, [env]: value, TUNNEL_CONFIG: "/wrong.yaml" }, {}, files),
        ...(flag === null
          ? []
          : [load({ ...base, [env]: "[wrong" }, { config: "/wrong.yaml", [name]: value }, files)]),
      ].map((loaded) => (loaded.ok ? read(loaded.config) : loaded.problems));
      const unset = load({ TUNNEL_TOKEN: tokenFor("https://unset.example") });
      if (!unset.ok) throw new Error("no defaults");
      for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
      expect(outcomes[0]).not.toEqual(read(unset.config));
    },
  );

  it.each(["", "a b", "x".repeat(65), "büro", "a\u200bb"])(
    "refuses %j as a name, if it is one at all",
    (name) => {
      expect(problemsOf({ TUNNEL_TOKEN: TOKEN }, { connectorName: name })).toEqual(
        name === ""
          ? []
          : [
              "--connector-name: must be 1 to 64 letters, digits, dots, hyphens and underscores; in a file, put a number in quotes",
            ],
      );
    },
  );

  it.each([
    ["web-1.eu.internal", "web-1.eu.internal"],
    ["böse\u001b[31m host", "b-se--31m-host"],
    ["x".repeat(80), "x".repeat(64)],
    ["", "unnamed"],
  ])("calls a connector on the host %j %s", (host, name) => {
    expect(nameOfHost(host)).toBe(name);
  });

  it("takes lists and numbers as YAML has them", () => {
    expect(
      withFile("allow: [a.internal, 'b.internal:80']\nconnections: 2\nproxyBypass: [relay.example]"),
    ).toMatchObject({
      ok: true,
      config: { connections: 2, allowsNothing: false },
    });
    expect(withFile("# nothing set\n")).toMatchObject({ ok: true });
  });

  it("has all its problems reported at once, with their paths, and unknown keys refused", () => {
    const yaml = `
alow: [x]
connections: many
allow: ["bad host"]
services: { pay: { methods: [], path: /v1 } }
upstreams:
  "a..b": {}
  "*": { insecure: true }
  api.internal: { caFile: /none.pem, certFile: /c.yaml, minTlsVersion: 1.1, idleTimeout: soon, tls: {} }
`;
    expect(problemsIn(yaml).toSorted()).toEqual(
      [
        "/c.yaml: allow: entry 1: not a valid host name",
        "/c.yaml: alow: unknown key",
        "/c.yaml: connections: must be a number from 1 to 8",
        "/c.yaml: services.pay.methods: must have at least 1 entry",
        "/c.yaml: services.pay.path: unknown key",
        "/c.yaml: upstreams.api.internal.caFile: cannot be read: ENOENT",
        "/c.yaml: upstreams.api.internal.certFile: has no certificate in PEM",
        '/c.yaml: upstreams.api.internal.idleTimeout: must be a duration such as "30s", at most 10m',
        "/c.yaml: upstreams.api.internal.minTlsVersion: must be one of 1.2, 1.3",
        "/c.yaml: upstreams.api.internal.tls: unknown key",
      ].toSorted(),
    );
    expect(problemsIn("services: { Pay: { methods: [GET] }, pay: { paths: [/v1] } }")).toEqual([
      "/c.yaml: services.pay: is named twice, as Pay and pay: upper and lower case are the same",
    ]);
    expect(problemsIn("services: { dav: { methods: [VERSION-CONTROL, M-SEARCH] } }")).toEqual([]);
    expect(problemsIn("services: { dav: { methods: [GET POST] } }")).toEqual([
      "/c.yaml: services.dav.methods[0]: must be a method such as GET",
    ]);
    expect(problemsIn('upstreams: { "a..b": {}, "*": { insecure: true } }')).toEqual([
      "/c.yaml: upstreams.a..b: not a valid host name",
      "/c.yaml: upstreams.*.insecure: name each upstream whose certificate should not be checked",
    ]);
  });

  it.each([
    ["a tag", "loglevel: info\nallow: !include hosts.yaml", "is not YAML: TAG_RESOLVE_FAILED, line 2"],
    ["a tag of a language", "allow: !!js/function x", "is not YAML: TAG_RESOLVE_FAILED, line 1"],
    [
      "aliases that grow",
      `a: &a [1, 2]\n${["b", "c", "d"].map((n, i) => `${n}: &${n} [${Array(9).fill(`*${"abc"[i]}`).join()}]`).join("\n")}`,
      "has too many aliases (*)",
    ],
    ["a tab", "services:\n\tpay: {}", "is not YAML: TAB_AS_INDENT, line 2"],
    ["two documents", "allow: a\n---\nallow: b", "is not YAML: MULTIPLE_DOCS, line 2"],
  ])("accepts no value from %s", (_, yaml, problem) => {
    expect(problemsIn(yaml)).toEqual([`/c.yaml: ${problem}`]);
  });

  it("says what to do about an unquoted *, and knows no __proto__", () => {
    expect(problemsIn("loglevel: info\nallow: *")).toEqual([
      "/c.yaml: a value that begins with *: put it in quotes, line 2",
    ]);
    expect(problemsIn("allow: *.internal:80")).toEqual([
      "/c.yaml: a value that begins with *: put it in quotes, line 1",
    ]);
    expect(problemsIn("__proto__: { loglevel: debug }")).toEqual(["/c.yaml: __proto__: unknown key"]);
    expect(problemsIn("services: { __proto__: { methods: [GET] } }")).toEqual([
      "/c.yaml: services.__proto__: unknown key",
    ]);
  });

  it.each([
    ["api.internal", "api.internal"],
    ["API.internal:80", "api.internal:80"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["bücher.example:8443", "xn--bcher-kva.example:8443"],
    ["[::1]:443", "[::1]:443"],
    ["10.0.0.1", "10.0.0.1"],
  ])("take %s as a Host", (hostHeader, sent) => {
    const loaded = load(
      {},
      { config: "/c.yaml" },
      {
        "/c.yaml": `token: ${TOKEN}\nupstreams: {a: {hostHeader: "${hostHeader}"}}`,
      },
    );
    expect(loaded.ok && loaded.config.upstreams[0]?.settings.hostHeader).toBe(sent);
  });

  it.each(["a b", "a/b", "user@a", "a:0", "a:99999", "", "a:", "a?b"])(
    "refuse %j as a Host",
    (hostHeader) => {
      expect(problemsIn(`upstreams: {a: {hostHeader: "${hostHeader}"}}`)).toHaveLength(1);
    },
  );

  it("never repeat an entry of the allowlist, which may hold a password", () => {
    expect(problemsOf({ TUNNEL_TOKEN: TOKEN, TUNNEL_ALLOW: "ok,http://user:hunter2@db" })).toEqual([
      expect.stringMatching(/^TUNNEL_ALLOW: entry 2: (?!.*hunter2)/),
    ]);
  });

  it("must exist, and be YAML with keys", () => {
    expect(problemsIn("a: 1\na: 2")[0]).toMatch(/^\/c\.yaml: is not YAML: DUPLICATE_KEY, line 2$/);
    expect(problemsIn("- a")).toEqual(["/c.yaml: must have keys and values"]);
    expect(problemsOf({ TUNNEL_TOKEN: TOKEN, TUNNEL_CONFIG: "/none" })).toEqual([
      "TUNNEL_CONFIG: cannot be read: ENOENT",
    ]);
    expect(problemsOf({ TUNNEL_TOKEN: TOKEN, TUNNEL_UPSTREAMS: "{" })).toEqual([
      expect.stringMatching(/^TUNNEL_UPSTREAMS: is not YAML/),
    ]);
  });

  it("says which files were read, because they may change", () => {
    const loaded = load(
      {},
      { config: "/c.yaml" },
      { "/c.yaml": "tokenFile: /t\nupstreams: {a: {caFile: /ca}}", "/t": TOKEN },
    );
    expect(loaded.files).toEqual(["/c.yaml", "/t", "/ca"]);
  });
});

describe("traces", () => {
  it("take header fields as a mapping, too", () => {
    const yaml = "otlpEndpoint: http://c:4318\notlpHeaders: { api-key: a=b }";
    expect(load({ TUNNEL_TOKEN: TOKEN }, { config: "/c.yaml" }, { "/c.yaml": yaml })).toMatchObject({
      ok: true,
      config: { traces: { url: "http://c:4318/v1/traces", headers: { "api-key": "a=b" }, rootShare: 1 } },
    });
  });

  it.each(["ftp://c", "http://user:canary@c", "http://c?key=canary", "c:4318"])("go nowhere by %s", (url) => {
    expect(problemsOf({ TUNNEL_TOKEN: TOKEN, OTEL_EXPORTER_OTLP_ENDPOINT: url })).toEqual([
      "OTEL_EXPORTER_OTLP_ENDPOINT: must be http://host:port or https://host:port",
    ]);
  });

  it.each(["canary", "a b=canary", "a=canary%0d%0a", "a=canary%"])(
    "have no header fields like %s",
    (text) => {
      expect(problemsOf({ TUNNEL_TOKEN: TOKEN, OTEL_EXPORTER_OTLP_HEADERS: text })).toEqual([
        'OTEL_EXPORTER_OTLP_HEADERS: must be header fields such as "name=value,name=value", values percent-encoded',
      ]);
    },
  );

  it.each(["1.5", "-1", "all", "1e-3"])("are no share of %s", (text) => {
    expect(problemsOf({ TUNNEL_TOKEN: TOKEN, OTEL_TRACES_SAMPLER_ARG: text })).toEqual([
      "OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1",
    ]);
  });
});

describe("a proxy", () => {
  it("may have its password in the environment or a file, never in an argument", () => {
    const secret = "http://user:pass%20word@proxy.internal";
    expect(load({ TUNNEL_TOKEN: TOKEN, https_proxy: secret })).toMatchObject({
      ok: true,
      config: {
        proxy: { host: "proxy.internal", port: 80, authorization: `Basic ${btoa("user:pass word")}` },
      },
    });
    const problems = problemsOf({ TUNNEL_TOKEN: TOKEN }, { proxy: secret });
    expect(problems).toEqual([expect.stringMatching(/^--proxy: arguments are visible/)]);
  });

  it.each(["socks5://proxy:1080", "http://proxy/path", "http://", "ftp://proxy"])("is not %s", (proxy) => {
    expect(problemsOf({ TUNNEL_TOKEN: TOKEN, HTTPS_PROXY: proxy })).toEqual([
      "HTTPS_PROXY: must be http://host:port or https://host:port",
    ]);
  });
});
