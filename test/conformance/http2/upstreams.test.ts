import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Names } from "../../../connector/names/names.ts";
import { nodeClock } from "../../../connector/platform/node-clock.ts";
import { parseAllowlist, UpstreamPolicy } from "../../../connector/upstream/policy.ts";
import { DEFAULT_UPSTREAM } from "../../../connector/upstream/upstream-rules.ts";
import { Upstream } from "../../../connector/upstream/upstream.ts";
import {
  data,
  END_STREAM,
  type FrameClient,
  FrameServer,
  headers,
  settings,
  TYPE,
} from "../../support/servers/frame-server.ts";
import { throwFault } from "../../support/throw-fault.ts";
import { memoryOf } from "../../support/memory.ts";
import { broken, complete, fatal, floods, greetings, type Http2Case } from "./cases.ts";
import { http2Clients } from "./clients.ts";
import { differenceOf, differences } from "./differences.ts";

type Way = "whole" | "byte by byte" | "with the end at once";

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing.splice(0).reverse()) close();
});

const list = parseAllowlist("*");
if (!list.ok) throw new Error(list.problems.join("; "));
const policy = new UpstreamPolicy(list.rules);

/** One for all cases: whatever one upstream does, the others must still be served. */
const upstream = new Upstream({
  policy,
  limits: new Map(),
  rules: [{ pattern: "*", host: { kind: "any" }, settings: { ...DEFAULT_UPSTREAM, protocol: "http2" } }],
  clock: nodeClock,
  names: new Names({ clock: nodeClock }),
  reportFault: throwFault,
  memory: memoryOf(),
});
closing.push(() => upstream.close());

class CaseServer {
  readonly frames: FrameServer;
  /** If true, it answers as the case says; otherwise it answers correctly. */
  playing = true;
  /** Resolves when the last answer has been sent completely. */
  sent: Promise<void> = Promise.resolve();

  constructor({ answer, hello }: Http2Case, way: Way) {
    this.frames = new FrameServer(
      (client, { type, streamId }) => {
        if (type !== TYPE.HEADERS) return;
        if (!this.playing) {
          return client.send(headers(streamId, [[":status", "200"]]), data(streamId, "good", END_STREAM));
        }
        const bytes = Buffer.concat(answer(streamId));
        if (way === "byte by byte") this.sent = sendInBytes(bytes, client);
        else client.send(bytes);
        if (way === "with the end at once") client.socket.end();
      },
      { hello: hello ?? settings([3, 100]) },
    );
    closing.push(() => this.frames.close());
  }

  async start(): Promise<this> {
    await this.frames.start();
    return this;
  }

  get port(): number {
    return this.frames.port;
  }
}

async function sendInBytes(bytes: Buffer, client: FrameClient): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at++) {
    client.send(bytes.subarray(at, at + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function ask(port: number, method = "POST"): Promise<string> {
  let status = 0;
  let body = "";
  let outcome = "";
  return new Promise((resolve) => {
    upstream.request(
      {
        ...{ caller: "a", service: "b", target: `http://127.0.0.1:${port}`, method, path: "/" },
        ...{ rawHeaders: [], body: null, responseTimeoutMs: 15_000 },
      },
      {
        onResponse: (received) => void (status = received),
        onData: (bytes) => void (body += bytes.toString("latin1")),
        onEnd: () => void (outcome = `${status} ${body}`),
        onError: ({ code, notProcessed }) => {
          if (status !== 0) outcome = `${status} ${body}…`;
          else outcome = notProcessed ? `${code}, not processed` : code;
        },
        onTornDown: () => resolve(outcome),
      },
    );
  });
}

let neighbour: CaseServer;
beforeAll(async () => {
  neighbour = await new CaseServer({ name: "", answer: () => [], outcome: "" }, "whole").start();
  neighbour.playing = false;
});

describe.each([
  ["complete answers", complete],
  ["broken answers", broken],
  ["violations of the protocol", fatal],
  ["floods", floods],
  ["greetings", greetings],
])("%s", (_kind, cases) => {
  describe.each(cases)("$name", (given) => {
    const ways: Way[] = ["whole", "byte by byte", "with the end at once"];
    it.each(ways.filter((way) => way !== "byte by byte" || given.large !== true))("%s", async (way) => {
      const server = await new CaseServer(given, way).start();
      const outcomes = [given.outcome, ...(way === "with the end at once" ? (given.atEnd ?? []) : [])];
      expect(outcomes).toContain(await ask(server.port, given.method));
      await server.sent;
      server.playing = false;
      expect(await ask(neighbour.port)).toBe("200 good");
      if (way === "with the end at once" || given.keepsConnection === undefined) return;
      // Only a server with a correct preface can serve again.
      if (given.hello !== undefined) return;
      const before = server.frames.clients.length;
      expect(await ask(server.port)).toBe("200 good");
      expect(server.frames.clients.length === before).toBe(given.keepsConnection);
    });
  });
});

const cases = [complete, broken, fatal, floods, greetings].flat();
/** Where no answer is expected, a short wait is enough. */
const IN_VAIN_MS = 300;
const PATIENCE_MS = 60_000;

describe.concurrent("other clients", () => {
  it.each(Object.entries(http2Clients()))(
    "%s decides as the table says, but for the differences that are listed",
    async (name, client) => {
      const told = cases.map((given) => {
        const here = given.outcome.startsWith("UPSTREAM") ? "error" : given.outcome;
        return { name: given.name, here, listed: differenceOf(name, given.name) };
      });
      const asked = cases.map(async (given, at) => ({
        port: (await new CaseServer(given, "whole").start()).port,
        method: given.method ?? "POST",
        patienceMs: told[at]?.listed === "nothing" ? IN_VAIN_MS : PATIENCE_MS,
      }));
      const seen = await client(await Promise.all(asked));
      // The system's curl may be of another version, which behaves differently.
      const mayAgree = name === "curl";
      const expected = told.map(({ here, listed }, at) =>
        mayAgree && seen[at] === here ? here : (listed ?? here),
      );
      const named = (outcomes: string[]) => outcomes.map((outcome, at) => [told[at]?.name, outcome]);
      expect(named(seen)).toEqual(named(expected));
    },
    90_000,
  );

  it("differ only in existing cases", () => {
    const names = new Set(cases.map(({ name }) => name));
    expect(names.size).toBe(cases.length);
    expect(differences.flatMap((listed) => listed.names).filter((name) => !names.has(name))).toEqual([]);
  });
});
