import { type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AttachedConnector } from "../../support/attached-connector.ts";
import { ByteServer } from "../../support/servers/byte-server.ts";
import { type Client, clients, inLanes, type Taken } from "./clients.ts";
import { differences } from "./differences.ts";
import { type RawResponse, responses } from "./responses.ts";

/** How the bytes are sent: at once, each byte in its own write, or at once together with the end. */
const WAYS = ["whole", "byte by byte", "with the end"] as const;
type Way = (typeof WAYS)[number];
/** Longer responses are cut into this many pieces. */
const MAX_PIECES = 400;
/** The delay before the end if it does not come with the bytes. By then a reader has decided. */
const END_AFTER_MS = 100;

const tunnel = new AttachedConnector();
let server: ByteServer;
beforeAll(async () => {
  server = await new ByteServer((socket, all) => {
    // Connections are reused, so take the last request.
    const [, index, way] = [...all.matchAll(/(?:GET|HEAD) \/(\d+)\/(\d) HTTP/g)].at(-1) ?? [];
    if (index === undefined || !all.endsWith("\r\n\r\n")) return;
    void play(socket, responses[Number(index)]?.bytes ?? "", WAYS[Number(way)] ?? "whole");
  }).start();
  await tunnel.start();
});
afterAll(async () => {
  server.close();
  await tunnel.stop();
});

async function play(socket: Socket, text: string, way: Way): Promise<void> {
  const bytes = Buffer.from(text, "latin1");
  socket.setNoDelay();
  if (way === "with the end") return void socket.end(bytes);
  const size = way === "whole" ? bytes.byteLength : Math.ceil(bytes.byteLength / MAX_PIECES);
  for (let at = 0; at < bytes.byteLength && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Do not end in the middle of the next request's answer.
  const end = setTimeout(() => socket.end(), END_AFTER_MS);
  socket.once("data", () => clearTimeout(end));
}

const urlOf = (index: number, way: Way) => `/${index}/${WAYS.indexOf(way)}`;

/** Every response in every way. */
const plays = responses.flatMap((response, index) => WAYS.map((way) => ({ response, index, way })));

async function here(
  index: number,
  way: Way,
  { method = "GET", here: told }: RawResponse,
  kind: "http" | "websocket" = "http",
): Promise<RawResponse["here"]> {
  const call = await tunnel.call(server.origin, { kind, path: urlOf(index, way), method });
  const { head, error } = call;
  if (head === null) {
    expect(error).toMatchObject({ code: "UPSTREAM_PROTOCOL" });
    return { outcome: "refused" };
  }
  if (error !== null) expect(error.code).toBe("BODY_ABORTED");
  const seen = call.body.toString("latin1");
  // The part of a body that arrived before it broke off may be lost.
  const isPrefix = error !== null && told.outcome === "broken" && told.body.startsWith(seen);
  const body = isPrefix ? told.body : seen;
  return { outcome: error === null ? "whole" : "broken", status: head.status, body };
}

const takenHere = ({ here: outcome }: RawResponse): Taken =>
  outcome.outcome === "whole" ? { status: outcome.status, body: outcome.body } : "not whole";

describe("raw responses", () => {
  it("have unique names", () => {
    expect(new Set(responses.map(({ name }) => name)).size).toBe(responses.length);
  });

  it("are accepted, cut off and refused as the table says, however they arrive", async () => {
    const seen = await inLanes(plays, ({ response, index, way }) => here(index, way, response));
    const told = plays.map(({ response, way }) => ({ name: response.name, way, here: response.here }));
    expect(seen.map((outcome, at) => ({ ...told[at], here: outcome }))).toEqual(told);
    expect(await tunnel.connector.metricsText()).not.toMatch(/faults_total\{.*\} [1-9]/);
  }, 120_000);

  it("mean the same to a WebSocket handshake, which they refuse", async () => {
    const handshakes = plays.filter(
      ({ response, way }) => response.method !== "HEAD" && way !== "byte by byte",
    );
    const seen = await inLanes(handshakes, ({ response, index, way }) =>
      here(index, way, response, "websocket"),
    );
    const told = handshakes.map(({ response, way }) => ({ name: response.name, way, here: response.here }));
    expect(seen.map((outcome, at) => ({ ...told[at], here: outcome }))).toEqual(told);
  }, 120_000);

  it.each(Object.entries(clients()))(
    "%s decides as the table does, but for the differences that are listed",
    async (name, client: Client) => {
      const asked = plays.map(({ response: { method = "GET" }, index, way }) => ({
        port: server.port,
        path: urlOf(index, way),
        method,
      }));
      const seen = await client(asked);
      const found = new Map<string, string>();
      for (const [at, taken] of seen.entries()) {
        const play = plays[at];
        if (play === undefined || JSON.stringify(taken) === JSON.stringify(takenHere(play.response)))
          continue;
        const what = taken === "not whole" ? taken : `${taken.status} ${taken.body.slice(0, 40)}`;
        found.set(play.response.name, `${play.way}: ${JSON.stringify(what)}`);
      }
      const listed = differences
        .filter(({ clients: whose }) => whose.some((client) => client === name))
        .flatMap(({ names }) => names);
      const unlisted = [...found].filter(([response]) => !listed.includes(response));
      expect(unlisted).toEqual([]);
      // The system's curl may be of another version, which behaves differently.
      if (name !== "curl") expect(listed.filter((response) => !found.has(response))).toEqual([]);
    },
    120_000,
  );
});
