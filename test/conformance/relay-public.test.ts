import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { SUBPROTOCOL } from "../../shared/protocol/limits.ts";
import {
  exchangeBytes,
  type HandRelay,
  type HandTunnel,
  startHandRelay,
} from "../support/peers/hand-peer-relay.ts";
import type { HandPeer } from "../support/peers/hand-peer.ts";

let relay: HandRelay;
let tunnel: HandTunnel;
let peer: HandPeer;
beforeAll(async () => {
  relay = await startHandRelay(2);
  tunnel = relay.tunnel();
  peer = await tunnel.connect();
}, 60_000);
afterAll(() => relay.stop());

async function expectUnheard(): Promise<void> {
  await peer.settled();
  expect(peer.streamFrames).toEqual([]);
  expect(peer.closed).toBe(null);
}

/** Fields that could be mistaken for a claim. */
const SPOOFS = [
  `cf: {"culvert":{"kind":"request","project":"my-project","environment":"production"}}`,
  "culvert-project: my-project",
  "culvert-environment: production",
  "culvert-gateway-key: key",
  "cf-worker: my-project",
  "x-culvert-project: my-project",
  "cf-connecting-ip: 127.0.0.1",
].map((line) => `${line}\r\n`);

describe("the relay's public port", () => {
  it("routes no request to a tunnel, whatever it names and claims", async () => {
    const paths = [
      "/",
      "/v1/connect",
      `/${tunnel.id}`,
      `/~/${tunnel.id}/api/`,
      `/v1/tunnels/${tunnel.id}`,
      "http://api/",
      `http://${tunnel.id}/`,
      "//api/",
      "*",
    ];
    for (const path of paths) {
      for (const host of ["api", "relay.example", tunnel.id]) {
        const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n${SPOOFS.join("")}\r\n`;
        const answer = await exchangeBytes(relay.url, request);
        expect([path, answer.split(" ")[1]]).toEqual([path, expect.stringMatching(/^4\d\d$/)]);
      }
    }
    await expectUnheard();
  });

  it.each([
    ["without a token", {}, 401],
    ["with another tunnel's id in the token", { authorization: "other" }, 401],
    ["from a browser", { authorization: "own", origin: "https://relay.example" }, 403],
    ["with the token in the query", { query: "own" }, 401],
  ])("takes no connector %s", async (_, { authorization, origin, query }: Record<string, string>, status) => {
    const { token } = tunnel;
    const credential = authorization === "other" ? token.slice(0, -9) + "0" + token.slice(-8) : token;
    const url = `${relay.url.replace("http", "ws")}/v1/connect${query === undefined ? "" : `?token=${token}`}`;
    const socket = new WebSocket(url, SUBPROTOCOL, {
      headers: {
        ...(authorization === undefined ? {} : { authorization: `Bearer ${credential}` }),
        ...(origin === undefined ? {} : { origin }),
        cf: `{"culvert":{"kind":"connect"}}`,
      },
    });
    const refused = await new Promise<number | undefined>((resolve, reject) => {
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("open", () => reject(new Error("the relay took it")));
      socket.on("error", () => {});
    });
    socket.terminate();
    expect(refused).toBe(status);
    await expectUnheard();
  });
});

describe("the gateway's binding", () => {
  it("decides who is calling, and no header changes it", async () => {
    const answer = tunnel.raw(
      (path) => `GET ${path("/")} HTTP/1.1\r\nhost: g\r\nconnection: close\r\n${SPOOFS.join("")}\r\n`,
    );
    const open = await peer.takeOpen();
    peer.answer(open.id, "fine");
    await answer;
    expect(open).toMatchObject({ project: "my-project", environment: "production" });
    expect(open.fields.filter(([name]) => name.startsWith("culvert"))).toEqual([]);
  });

  it("answers every refusal itself, whatever the headers", async () => {
    const call = (path: string, service?: string, init: RequestInit = {}) =>
      tunnel.call(path, { ...init, ...(service === undefined ? {} : { service }) });
    expect(await call("/", "nothing")).toMatchObject({ status: 404, error: "UNKNOWN_SERVICE" });
    expect(await call("/", "preview-api")).toMatchObject({ status: 403, error: "ACCESS_DENIED" });
    const large = { method: "POST", body: "x".repeat(2000) };
    expect(await call("/", "small-api", large)).toMatchObject({ status: 413, error: "BODY_TOO_LARGE" });
    await expectUnheard();
    expect(await relay.tunnel().call("/")).toMatchObject({ status: 503, error: "NO_CONNECTOR" });
  });
});

it("passes the path of /~/ on unchanged", async () => {
  const key = await relay.gatewayKey();
  for (const path of [
    "/a/../b",
    "/a/%2e%2e/b//c?x=/../",
    "/./a\\b",
    "/%7Ea/%c3%bc?q=%00",
    "/..",
    "/a;b/.%2E",
  ]) {
    const answer = exchangeBytes(
      relay.url,
      `GET /~/${tunnel.id}/api${path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\nculvert-gateway-key: ${key}\r\n\r\n`,
    );
    const open = await peer.takeOpen();
    expect(open.path).toBe(path);
    peer.answer(open.id, "fine");
    expect(await answer).toContain("fine");
  }
});
