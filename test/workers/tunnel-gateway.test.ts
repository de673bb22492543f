import { reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { type ErrorCode, ERROR_CODES } from "../../shared/protocol/error-code.ts";
import { FRAME } from "../../shared/protocol/frame.ts";
import { tunnelStub } from "../../worker/env.ts";
import { data, frame, head, reset as resetFrame } from "../support/peers/hand-peer.ts";
import { call, RELAY } from "./admin-client.ts";
import {
  attached,
  binding,
  expectAnsweredBy,
  GATEWAY,
  readyTunnel,
  refusalOf,
  request,
} from "./hand-connector.ts";

afterEach(reset);

/** What a gateway gets for each code that can end a stream. */
const ANSWERS: Record<ErrorCode, [status: number, code: string]> = {
  NO_ERROR: [502, "UPSTREAM_PROTOCOL"],
  PROTOCOL_ERROR: [502, "UPSTREAM_PROTOCOL"],
  FLOW_CONTROL: [502, "UPSTREAM_PROTOCOL"],
  CALM: [502, "UPSTREAM_PROTOCOL"],
  INTERNAL: [502, "UPSTREAM_PROTOCOL"],
  CANCEL: [502, "UPSTREAM_PROTOCOL"],
  STALLED: [504, "UPSTREAM_RESPONSE_TIMEOUT"],
  DRAINING: [502, "CONNECTOR_LOST"],
  STREAM_ERROR: [502, "UPSTREAM_PROTOCOL"],
  BODY_ABORTED: [502, "UPSTREAM_PROTOCOL"],
  REPLACED: [502, "CONNECTOR_LOST"],
  TOKEN_REVOKED: [502, "CONNECTOR_LOST"],
  TUNNEL_DELETED: [502, "CONNECTOR_LOST"],
  MESSAGE_TOO_LARGE: [502, "UPSTREAM_PROTOCOL"],
  NO_CONNECTOR: [503, "NO_CONNECTOR"],
  OVERLOADED: [503, "OVERLOADED"],
  UNKNOWN_TUNNEL: [404, "UNKNOWN_TUNNEL"],
  UNKNOWN_SERVICE: [404, "UNKNOWN_SERVICE"],
  ACCESS_DENIED: [403, "ACCESS_DENIED"],
  UPSTREAM_NOT_ALLOWED: [502, "UPSTREAM_NOT_ALLOWED"],
  UPSTREAM_REFUSED: [502, "UPSTREAM_REFUSED"],
  UPSTREAM_DNS: [502, "UPSTREAM_DNS"],
  UPSTREAM_TLS: [502, "UPSTREAM_TLS"],
  UPSTREAM_PROTOCOL: [502, "UPSTREAM_PROTOCOL"],
  UPSTREAM_CONNECT_TIMEOUT: [504, "UPSTREAM_CONNECT_TIMEOUT"],
  UPSTREAM_RESPONSE_TIMEOUT: [504, "UPSTREAM_RESPONSE_TIMEOUT"],
  CONNECTOR_LOST: [502, "CONNECTOR_LOST"],
  RELAY_RESTART: [502, "RELAY_RESTART"],
  BAD_REQUEST: [400, "BAD_REQUEST"],
  BODY_TOO_LARGE: [413, "BODY_TOO_LARGE"],
  URI_TOO_LONG: [414, "URI_TOO_LONG"],
  FIELDS_TOO_LARGE: [431, "FIELDS_TOO_LARGE"],
  LOOP_DETECTED: [508, "LOOP_DETECTED"],
  CONNECTOR_OVERLOADED: [503, "CONNECTOR_OVERLOADED"],
};

describe("the binding's fetch never throws", () => {
  it("for any code that a connector sends, known or not", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    for (const [code, [status, error]] of Object.entries(ANSWERS) as [ErrorCode, [number, string]][]) {
      const answer = request(tunnel);
      peer.send(resetFrame((await peer.takeOpen()).id, code));
      const response = await answer;
      const problem = await response.json<object>();
      expect({ reason: code, status: response.status, error: response.headers.get("culvert-error") }).toEqual(
        {
          reason: code,
          status,
          error,
        },
      );
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(response.headers.get("proxy-status")).toMatch(/^culvert; error=[a-z_]+$/);
      expect(problem).toMatchObject({
        status,
        code: error,
        title: expect.any(String),
        requestId: expect.any(String),
      });
    }
    expect(Object.keys(ANSWERS)).toHaveLength(Object.keys(ERROR_CODES).length);

    const answer = request(tunnel);
    peer.send(frame(FRAME.RESET, Uint8Array.of(0x7f, 0xff), (await peer.takeOpen()).id));
    expect(await refusalOf(answer)).toEqual([502, "UPSTREAM_PROTOCOL"]);
  });

  it.each([
    ["no tunnel", {}, 404, "UNKNOWN_TUNNEL"],
    ["a tunnel that is no text", { tunnel: 5, ...GATEWAY }, 404, "UNKNOWN_TUNNEL"],
    ["a tunnel that is no id", { tunnel: "../registry", ...GATEWAY }, 404, "UNKNOWN_TUNNEL"],
    [
      "a tunnel that does not exist",
      { tunnel: "tnl_aaaaaaaaaaaaaaaaaaaa", ...GATEWAY },
      404,
      "UNKNOWN_TUNNEL",
    ],
  ])("for props with %s", async (_, props, status, code) => {
    expect(await refusalOf(binding(props).fetch("http://api/"))).toEqual([status, code]);
  });

  it.each([
    ["no project", { environment: "production" }],
    ["no environment", { project: "my-project" }],
    ["another project", { project: "other", environment: "production" }],
    ["another environment", { project: "my-project", environment: "preview" }],
    ["an environment that is a list", { project: "my-project", environment: ["production"] }],
    ["names that meet in the middle", { project: "my-project\nproduction", environment: "" }],
  ])("for props with %s", async (_, props) => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    expect(await refusalOf(binding({ tunnel: tunnel.id, ...props }).fetch("http://api/"))).toEqual([
      403,
      "ACCESS_DENIED",
    ]);
    await peer.settled();
    expect(peer.streamFrames).toEqual([]);
  });

  it("for unknown services, hosts that no rule allows, and no connector", async () => {
    const tunnel = await readyTunnel();
    const gateway = binding({ tunnel: tunnel.id, ...GATEWAY });
    for (const url of [
      "http://nothing/",
      "http://api:8080/",
      "http://169.254.169.254/",
      "http://payments.internal/",
    ])
      expect(await refusalOf(gateway.fetch(url))).toEqual([404, "UNKNOWN_SERVICE"]);
    const answer = await gateway.fetch("http://API/");
    expect([answer.status, answer.headers.get("culvert-error")]).toEqual([503, "NO_CONNECTOR"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ code: "NO_CONNECTOR", status: 503 });
  });

  it("and answers HEAD without a body", async () => {
    const tunnel = await readyTunnel();
    const answer = await request(tunnel, "/", { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([503, ""]);
  });

  it("for a body that is shorter than the gateway announced, without blaming the upstream", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const { readable, writable } = new FixedLengthStream(5);
    const answer = request(tunnel, "/", { method: "POST", body: readable });
    const writer = writable.getWriter();
    const written = writer
      .write(new Uint8Array(3))
      .then(() => writer.close())
      .catch(() => {});
    const { id } = await peer.takeOpen();
    await peer.take(FRAME.RESET, id);
    expect(await refusalOf(answer)).toEqual([400, "BAD_REQUEST"]);
    await written;
  });
});

describe("an upstream", () => {
  it.each([200, 101])("cannot set culvert-error or other fields of the relay: status %i", async (status) => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = request(tunnel, "/", status === 101 ? { headers: { upgrade: "websocket" } } : {});
    const { id } = await peer.takeOpen();
    peer.send(
      head(id, status, [
        ["culvert-error", "NO_CONNECTOR"],
        ["culvert-anything", "x"],
        ["x-own", "y"],
      ]),
    );
    if (status === 200) peer.send(data(id, "body", true));
    const response = await answer;
    expect(response.status).toBe(status);
    expect([...response.headers.keys()].filter((name) => name.startsWith("culvert"))).toEqual([]);
    expect(response.headers.get("x-own")).toBe("y");
    response.webSocket?.accept();
    response.webSocket?.close();
  });
});

describe("who is calling", () => {
  const SPOOFS = {
    "culvert-project": "other",
    "culvert-environment": "preview",
    "culvert-tunnel": "tnl_aaaaaaaaaaaaaaaaaaaa",
    "culvert-gateway-key": "key",
    "x-culvert-project": "other",
    "cf-worker": "other",
    "cf-connecting-ip": "203.0.113.7",
    cf: '{"culvert":{"kind":"request","project":"other","environment":"preview"}}',
  };
  /** The claim that a gateway would write if it tried to name itself. */
  const claim = { kind: "request", project: "other", environment: "preview", keepForwarded: true };
  const cf = { culvert: claim } as Record<string, unknown>;

  it("is decided by the binding's props, whatever headers and cf say", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const answer = request(tunnel, "/", { headers: SPOOFS, cf });
    const open = await peer.takeOpen();
    expect(open).toMatchObject(GATEWAY);
    expect(open.fields.filter(([name]) => name.startsWith("culvert"))).toEqual([]);
    peer.answer(open.id, "fine");
    await (await answer).text();
  });

  it("cannot be improved by headers or cf", async () => {
    const tunnel = await readyTunnel();
    const stranger = binding({ tunnel: tunnel.id, project: "other", environment: "preview" });
    const mine = { culvert: { ...claim, ...GATEWAY } } as Record<string, unknown>;
    const headers = { "culvert-project": GATEWAY.project, "culvert-environment": GATEWAY.environment };
    expect(await refusalOf(stranger.fetch("http://api/", { headers, cf: mine }))).toEqual([
      403,
      "ACCESS_DENIED",
    ]);
  });

  it("cannot be a connector over the binding", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    const connectClaim = { culvert: { kind: "connect", kid: tunnel.kid, secretDigestHex: "0".repeat(64) } };
    await expectAnsweredBy(peer, request(tunnel, "/", { cf: connectClaim as Record<string, unknown> }));
  });

  it("is required: the tunnel's object accepts no request without a claim", async () => {
    const tunnel = await readyTunnel();
    expect((await tunnelStub(env, tunnel.id).fetch("http://api/", { headers: SPOOFS })).status).toBe(403);
  });

  it("is nobody on the relay's public side", async () => {
    const tunnel = await readyTunnel();
    const peer = await attached(tunnel);
    for (const path of ["/", "/v1/connect", `/~/${tunnel.id}/api/`, `/${tunnel.id}`, "/v1/healthz"]) {
      for (const base of [RELAY, "http://api"]) {
        const response = await exports.default.fetch(`${base}${path}`, { headers: SPOOFS, cf });
        await response.body?.cancel();
        expect([path, response.status >= 400 && response.status < 500]).toEqual([path, true]);
      }
    }
    await peer.settled();
    expect(peer.streamFrames).toEqual([]);
    expect((await call("GET", `/v1/tunnels/${tunnel.id}`)).status).toBe(200);
  });
});
