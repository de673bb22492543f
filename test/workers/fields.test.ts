import { reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { Field } from "../../shared/protocol/head.ts";
import { FLAG } from "../../shared/protocol/frame.ts";
import { data, head } from "../support/peers/hand-peer.ts";
import { call, type CreatedTunnel, json, RELAY } from "./admin-client.ts";
import { attached, binding, GATEWAY, readyTunnel, refusalOf, SERVICES } from "./hand-connector.ts";

afterEach(() => reset());

/** The OPEN that the connector gets for a request with these headers. */
async function openOf(
  headers: Record<string, string>,
  { props = {}, service = "api", path = "/" } = {},
): Promise<{ fields: readonly Field[]; path: string }> {
  const tunnel = await readyTunnel();
  const peer = await attached(tunnel);
  const gateway = binding({ tunnel: tunnel.id, ...GATEWAY, ...props });
  const answer = gateway.fetch(`http://${service}${path}`, { headers });
  const open = await peer.takeOpen();
  peer.answer(open.id, "fine");
  await (await answer).text();
  return open;
}

const IMITATIONS = {
  culvert_project: "other",
  "culvert.environment": "other",
  x_forwarded_host: "evil.example",
  x_forwarded_for: "203.0.113.66",
  "x.forwarded.proto": "https",
  "x-forwarded": "for=203.0.113.66",
  x_forwarded: "for=203.0.113.66",
  cf_connecting_ip: "203.0.113.66",
  x_real_ip: "203.0.113.66",
  true_client_ip: "203.0.113.66",
  "client.ip": "203.0.113.66",
  front_end_https: "on",
  content_length: "5",
  transfer_encoding: "chunked",
  cdn_loop: "x",
};

describe("fields that imitate the relay's", () => {
  it.each([{}, { forwarded: "keep" }])("are set by the relay alone: props %j", async (props) => {
    const kept: Record<string, string> =
      props.forwarded === undefined ? {} : { "x-forwarded": IMITATIONS["x-forwarded"] };
    const { fields } = await openOf({ ...IMITATIONS, x_own_field: "1", "x.other": "2" }, { props });
    const names = Object.keys(IMITATIONS);
    expect(Object.fromEntries(fields.filter(([name]) => names.includes(name)))).toEqual(kept);
    expect(fields).toContainEqual(["x_own_field", "1"]);
    expect(fields).toContainEqual(["x.other", "2"]);
  });

  it("name no other path if paths have rules, even by the endpoint's own path", async () => {
    const overrides = { "x-original-url": "/admin", x_original_url: "/admin", script_name: "/public" };
    const found = (fields: readonly Field[]) => fields.filter(([name]) => name in overrides);
    expect(found((await openOf(overrides)).fields)).toHaveLength(3);
    expect(found((await openOf(overrides, { service: "ruled-api", path: "/public/x" })).fields)).toEqual([]);
    expect(found((await openOf(overrides, { service: "prefixed-api" })).fields)).toEqual([]);
  });
});

describe("a second resource that a request names", () => {
  const publicUrl = "https://api.example.com/base";

  it.each<[string, string, Record<string, string>, Record<string, string>]>([
    [
      "by its public URL",
      "prefixed-api",
      { destination: `${publicUrl}/b?c#d` },
      {
        destination: "http://payments.internal:8080/v1/b?c",
      },
    ],
    [
      "by the service's name",
      "prefixed-api",
      { destination: "http://prefixed-api/b" },
      {
        destination: "http://payments.internal:8080/v1/b",
      },
    ],
    ["by a path", "api", { destination: "/base/b" }, { destination: "http://payments.internal:8080/b" }],
    [
      "by the upstream's own URL",
      "prefixed-api",
      { destination: "http://payments.internal:8080/v1/b" },
      {
        destination: "http://payments.internal:8080/v1/b",
      },
    ],
    [
      "below the Host that the upstream gets",
      "named-api",
      { destination: `${publicUrl}/b` },
      {
        destination: "http://named.example:81/b",
      },
    ],
    [
      "elsewhere",
      "api",
      { destination: "https://other.example/b" },
      { destination: "https://other.example/b" },
    ],
    [
      "in conditions",
      "prefixed-api",
      { if: `<${publicUrl}/b> (<opaquelocktoken:1> ["a"]) (Not <DAV:no-lock>)` },
      {
        if: `<http://payments.internal:8080/v1/b> (<opaquelocktoken:1> ["a"]) (Not <DAV:no-lock>)`,
      },
    ],
    [
      "to copy from",
      "prefixed-api",
      { "x-amz-copy-source": "v1/bucket/key" },
      {
        "x-amz-copy-source": "v1/bucket/key",
      },
    ],
  ])("is the upstream's: %s", async (_, service, headers, expected) => {
    const { fields } = await openOf(headers, { props: { publicUrl }, service });
    expect(Object.fromEntries(fields.filter(([name]) => name in expected))).toEqual(expected);
  });

  it.each<[string, Record<string, string>]>([
    ["ruled-api", { destination: `${publicUrl}/private/b` }],
    ["ruled-api", { destination: "http://ruled-api/public/%2e%2e/b" }],
    ["ruled-api", { destination: "https://other.example/public/b" }],
    ["ruled-api", { destination: "public" }],
    ["ruled-api", { "x-amz-copy-source": "private/key" }],
    ["ruled-api", { x_amz_copy_source: "/public%2Fkey" }],
    ["prefixed-api", { destination: `${publicUrl}/../b` }],
    ["prefixed-api", { destination: "http://payments.internal:8080/v2/b" }],
    ["prefixed-api", { "x-ms-copy-source": "https://payments.internal/v2/b" }],
  ])("is refused where %s has rules on paths: %j", async (service, headers) => {
    const tunnel = await readyTunnel();
    const gateway = binding({ tunnel: tunnel.id, ...GATEWAY, publicUrl });
    const asked = gateway.fetch(`http://${service}/public/a`, { method: "MOVE", headers });
    expect(await refusalOf(asked)).toEqual([403, "ACCESS_DENIED"]);
  });
});

describe("what an upstream answers", () => {
  it.each<[string, string[], string | null]>([
    ["our own word alone", ["culvert; error=connection_terminated"], null],
    ["our own word in quotes", ['"culvert"; error=x'], null],
    ["our own word in another case", ["Culvert"], null],
    ["our own word among others", ["cdn; hit, culvert; error=x, other"], "cdn; hit, other"],
    ["our own word behind a quoted comma", ['cdn; details="a, b", culvert;error=x'], 'cdn; details="a, b"'],
    ["our own word behind a quote that is open", ['cdn; details="a, culvert; error=x'], null],
    ["our own word in a second field", ["cdn", "culvert; error=x"], "cdn"],
    [
      "another's word",
      ["cdn; error=http_protocol_error", "culvertish"],
      "cdn; error=http_protocol_error, culvertish",
    ],
    ["another's word about us", ['cdn; details="culvert, said"'], 'cdn; details="culvert, said"'],
  ])("passes no Proxy-Status off as ours: %s", async (_, sent, expected) => {
    const response = await answered(sent.map((value) => ["proxy-status", value]));
    expect(response.headers.get("proxy-status")).toBe(expected);
  });

  it("sets no session of the dashboard, and no field of the relay's", async () => {
    const response = await answered([
      ["set-cookie", "__Host-culvert-session=x; Path=/; Secure"],
      ["set-cookie", "__Host-culvert-session\t= x; Path=/; Secure"],
      ["set-cookie", "=__Host-culvert-session=x; Path=/; Secure"],
      ["set-cookie", "own=y"],
      ["culvert_error", "NO_CONNECTOR"],
    ]);
    expect(response.headers.getSetCookie()).toEqual(["own=y"]);
    expect(response.headers.has("culvert_error")).toBe(false);
  });

  async function answered(fields: Field[]): Promise<Response> {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = binding({ tunnel: tunnel.id, ...GATEWAY }).fetch("http://api/");
    const { id } = await peer.takeOpen();
    peer.send(head(id, 200, fields), data(id, "fine", true));
    const response = await answer;
    await response.text();
    return response;
  }
});

describe("a request by /~/", () => {
  async function opened(tunnel: CreatedTunnel, path: string, headers: Record<string, string> = {}) {
    const { key } = await json<{ key: string }>(call("POST", "/v1/gateway-keys", { body: GATEWAY }), 201);
    const peer = await attached(tunnel);
    const answer = exports.default.fetch(`${RELAY}/~/${tunnel.id}${path}`, {
      headers: { "culvert-gateway-key": key, ...headers },
    });
    const open = await peer.takeOpen();
    peer.answer(open.id, "fine");
    expect((await answer).status).toBe(200);
    return open;
  }

  it.each<[string, string | undefined]>([
    ["__Host-culvert-session=secret", undefined],
    ["a=1; __Host-culvert-session=secret; b=2", "a=1; b=2"],
    ["__Host-culvert-session = secret;a=1", "a=1"],
    ["a=1;b=__Host-culvert-session", "a=1;b=__Host-culvert-session"],
  ])("passes no session of the dashboard upstream: %s", async (cookie, expected) => {
    const { fields } = await opened(await readyTunnel(), "/api/", { cookie });
    expect(fields.find(([name]) => name === "cookie")?.[1]).toBe(expected);
  });

  it("passes Cloudflare Access's fields upstream only if they are not the relay's own", async () => {
    const says = { cookie: "a=1; CF_Authorization=token; b=2", "cf-access-jwt-assertion": "token" };
    const seen = async () => {
      const { fields } = await opened(await readyTunnel(), "/api/", says);
      return fields.filter(([name]) => name === "cookie" || name === "cf-access-jwt-assertion");
    };
    expect(Object.fromEntries(await seen())).toEqual(says);
    env.ACCESS_TEAM_DOMAIN = "myteam";
    try {
      expect(await seen()).toEqual([["cookie", "a=1; b=2"]]);
    } finally {
      delete env.ACCESS_TEAM_DOMAIN;
    }
  });
});

describe("who the caller is", () => {
  const PUBLIC_URL = "https://api.example.com:8443/base";
  const EDGE = { "cf-connecting-ip": "203.0.113.7", "cf-visitor": '{"scheme":"https"}' };
  const FORGED = {
    forwarded: "for=198.51.100.66;host=evil.example;proto=ftp",
    "x-forwarded-for": "198.51.100.66",
    "x-forwarded-host": "evil.example",
    "x-forwarded-port": "1",
  };
  const CLAIMS = {
    "x-real-ip": "198.51.100.66",
    "true-client-ip": "198.51.100.66",
    "client-ip": "198.51.100.66",
    "front-end-https": "on",
    "x-original-host": "evil.example",
  };
  const said = (fields: readonly Field[]) =>
    Object.fromEntries(fields.filter(([name]) => /^(?:x-)?forwarded|^host$/.test(name)));

  it.each<[string, Record<string, string>, Record<string, unknown>, Record<string, string>]>([
    ["nothing, where nothing is known", {}, {}, {}],
    ["nothing of what the client says", FORGED, {}, {}],
    [
      "what the edge gave, and no host",
      { ...EDGE, ...FORGED },
      {},
      {
        forwarded: "for=203.0.113.7;proto=https",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-proto": "https",
      },
    ],
    [
      "an IPv6 address as RFC 7239 wants it",
      { "cf-connecting-ip": "2001:db8::7", "x-forwarded-proto": "http" },
      {},
      {
        forwarded: 'for="[2001:db8::7]";proto=http',
        "x-forwarded-for": "2001:db8::7",
        "x-forwarded-proto": "http",
      },
    ],
    [
      "nothing of what is no address and no protocol",
      { "cf-connecting-ip": "x;host=y", "x-forwarded-proto": "ftp" },
      {},
      {},
    ],
    [
      "host and protocol by the public URL",
      { ...EDGE, ...FORGED, "cf-visitor": '{"scheme":"http"}' },
      { publicUrl: PUBLIC_URL },
      {
        forwarded: 'for=203.0.113.7;host="api.example.com:8443";proto=https',
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-host": "api.example.com:8443",
        "x-forwarded-proto": "https",
      },
    ],
    [
      "what the gateway set, where that is trusted",
      FORGED,
      { forwarded: "keep", publicUrl: PUBLIC_URL },
      FORGED,
    ],
  ])("is said: %s", async (_, headers, props, expected) => {
    expect(said((await openOf(headers, { props })).fields)).toEqual(expected);
  });

  it.each<[string, Record<string, string>, Record<string, unknown>, Record<string, string>]>([
    ["nothing, where no address is known", {}, {}, {}],
    [
      "the address that is known, in their place",
      EDGE,
      {},
      { "x-real-ip": "203.0.113.7", "true-client-ip": "203.0.113.7", "client-ip": "203.0.113.7" },
    ],
    ["what the gateway set, where that is trusted", EDGE, { forwarded: "keep" }, CLAIMS],
  ])("is said by no other field: %s", async (_, headers, props, expected) => {
    const { fields } = await openOf({ ...headers, ...CLAIMS }, { props });
    const names = Object.keys(CLAIMS);
    expect(Object.fromEntries(fields.filter(([name]) => names.includes(name)))).toEqual(expected);
    expect(Object.fromEntries(fields.filter(([name]) => name in EDGE))).toEqual(headers);
  });

  it("is known by /~/ too: the key's public URL, and the request's own address and protocol", async () => {
    const open = async (more: object) => {
      const tunnel = await readyTunnel();
      const { key } = await json<{ key: string }>(
        call("POST", "/v1/gateway-keys", { body: { ...GATEWAY, ...more } }),
        201,
      );
      const peer = await attached(tunnel);
      const answer = exports.default.fetch(`${RELAY}/~/${tunnel.id}/api/`, {
        headers: { "culvert-gateway-key": key, "cf-connecting-ip": "203.0.113.7", ...FORGED },
      });
      const { id, fields } = await peer.takeOpen();
      const location = "http://payments.internal:8080/files/7";
      const told: Field[] = [
        ["location", location],
        ["content-location", "/files/7.html"],
        ["link", `<${location}>`],
      ];
      peer.send(head(id, 201, told, 1));
      const { headers } = await answer;
      expect(headers.get("link")).toBe(`<${location}>`);
      return { fields, location: headers.get("location"), content: headers.get("content-location") };
    };
    const plain = await open({});
    expect(said(plain.fields)).toEqual({
      forwarded: "for=203.0.113.7;proto=https",
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-proto": "https",
    });
    expect(plain).toMatchObject({
      location: "http://payments.internal:8080/files/7",
      content: "/files/7.html",
    });
    const known = await open({ publicUrl: PUBLIC_URL });
    expect(said(known.fields)).toMatchObject({ "x-forwarded-host": "api.example.com:8443" });
    expect(known).toMatchObject({ location: `${PUBLIC_URL}/files/7`, content: "/base/files/7.html" });
  });

  it.each<[string, string | undefined, string | undefined]>([
    ["api", PUBLIC_URL, undefined],
    ["endpoint-api", PUBLIC_URL, undefined],
    ["public-api", PUBLIC_URL, "api.example.com:8443"],
    ["public-api", undefined, undefined],
    ["named-api", undefined, "named.example:81"],
  ])("the connector is told which host to name: %s with %s", async (service, publicUrl, host) => {
    const props = publicUrl === undefined ? {} : { publicUrl };
    const { fields } = await openOf({ host: "evil.example" }, { props, service });
    expect(said(fields)["host"]).toBe(host);
  });

  it.each([
    "api.example.com",
    "ftp://api.example.com",
    "https://u:p@api.example.com",
    "https://api.example.com/?x",
    7,
  ])("an invalid public URL is refused: %j", async (publicUrl) => {
    const { id } = await readyTunnel();
    expect(await refusalOf(binding({ tunnel: id, ...GATEWAY, publicUrl }).fetch("http://api/"))).toEqual([
      400,
      "BAD_REQUEST",
    ]);
    expect((await call("POST", "/v1/gateway-keys", { body: { ...GATEWAY, publicUrl } })).status).toBe(400);
  });

  it("a key's public URL is listed", async () => {
    await json(call("POST", "/v1/gateway-keys", { body: { ...GATEWAY, publicUrl: PUBLIC_URL } }), 201);
    await json(call("POST", "/v1/gateway-keys", { body: GATEWAY }), 201);
    const { items } = await json<{ items: { publicUrl?: string }[] }>(call("GET", "/v1/gateway-keys"));
    expect(items.map(({ publicUrl }) => publicUrl)).toEqual([PUBLIC_URL, undefined]);
  });
});

it("answers carry the request's id only if the service says so", async () => {
  const tunnel = await readyTunnel();
  const peer = await attached(tunnel);
  const ask = async (fields: Field[], method = "GET") => {
    const answer = binding({ tunnel: tunnel.id, ...GATEWAY }).fetch("http://api/", { method });
    const { id, requestId } = await peer.takeOpen();
    peer.send(head(id, 200, [...fields, ["culvert-request-id", "of-the-upstream"]], FLAG.END));
    const { headers } = await answer;
    return { requestId, shown: headers.get("culvert-request-id"), cookies: headers.getSetCookie() };
  };
  expect((await ask([])).shown).toBe(null);

  const services = SERVICES.services.map((service) => ({ ...service, requestId: true }));
  await json(
    call("PUT", `/v1/tunnels/${tunnel.id}/services-configuration`, { body: { version: 1, services } }),
  );
  for (const method of ["GET", "HEAD"]) {
    const plain = await ask([], method);
    expect(plain.shown).toBe(plain.requestId);
  }
  const cookies: Field[] = [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ];
  const listed = await ask(cookies);
  expect(listed).toEqual({ requestId: listed.requestId, shown: listed.requestId, cookies: ["a=1", "b=2"] });

  const socket = binding({ tunnel: tunnel.id, ...GATEWAY }).fetch("http://api/", {
    headers: { upgrade: "websocket" },
  });
  const { id, requestId } = await peer.takeOpen();
  peer.send(head(id, 101));
  const upgraded = await socket;
  expect([upgraded.status, upgraded.headers.get("culvert-request-id")]).toEqual([101, requestId]);
  upgraded.webSocket?.accept();
  upgraded.webSocket?.close();
});
