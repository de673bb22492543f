import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../../scripts/demo/eventually.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { type Call, call, probe } from "../support/calls.ts";
import { LogReceiver, SETTINGS } from "../support/servers/log-receiver.ts";
import { startSystem, type System } from "../support/system.ts";

/** `npm run every-request` sends ten thousand. */
const REQUESTS = Number(process.env["EVERY_REQUESTS"] ?? 1_000);
const CONCURRENCY = 16;
/** The requests take most of the time. Their events follow within seconds. */
const PATIENCE_MS = 90_000;

type Expected = Partial<
  Pick<RequestEvent, "status" | "outcome" | "code" | "attempts" | "service" | "environment">
>;

interface Kind {
  /** In percent of the requests. */
  share: number;
  send(headers: Record<string, string>): Promise<unknown>;
  expected: Expected;
}

const receiver = new LogReceiver("webhook");
const events = new Map<string, RequestEvent[]>();
let isDown = false;
let refusals = 0;
let system: System;

beforeAll(async () => {
  system = await startSystem({ connectors: 2, mayCallPrivate: true });
  await receiver.listen();
  receiver.treat = (text) => {
    if (isDown) {
      refusals++;
      return { status: 503 };
    }
    // Requests that the receiver could not read are among its complaints.
    for (const line of text.split("\n").filter((one) => one !== "")) {
      const event = JSON.parse(line) as RequestEvent;
      events.set(event.traceId, [...(events.get(event.traceId) ?? []), event]);
    }
    return null;
  };
  const response = await fetch(`${system.workerd.url}/v1/log-destinations`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.adminKey}` },
    body: JSON.stringify({ name: "everything", kind: "webhook", url: receiver.url, ...SETTINGS.webhook }),
  });
  if (response.status !== 201) throw new Error(await response.text());
});
afterAll(async () => {
  await system?.stop();
  await receiver.close();
});

const over = (wanted: Call) => (headers: Record<string, string>) => call(system, { ...wanted, headers });
const answered: Expected = { outcome: "answered", code: null, attempts: 1, status: 200 };

const KINDS: Kind[] = [
  {
    share: 40,
    send: over({ service: "node-api", path: "/ok" }),
    expected: { ...answered, service: "node-api" },
  },
  {
    share: 15,
    send: over({ service: "node-api", path: "/sink", method: "POST", body: "hello" }),
    expected: answered,
  },
  {
    share: 10,
    send: over({ via: "PREVIEW", service: "node-api", path: "/status?code=500" }),
    expected: { ...answered, status: 500, environment: "preview" },
  },
  {
    share: 8,
    send: over({ via: "STRANGER", service: "node-api", path: "/ok" }),
    expected: {
      outcome: "refused",
      code: "ACCESS_DENIED",
      status: 403,
      attempts: 0,
      environment: "development",
    },
  },
  {
    share: 7,
    send: over({ service: "no-such-api", path: "/ok" }),
    expected: {
      outcome: "refused",
      code: "UNKNOWN_SERVICE",
      status: 404,
      attempts: 0,
      service: "no-such-api",
    },
  },
  {
    share: 5,
    send: over({ service: "forbidden-api", path: "/ok" }),
    expected: { outcome: "refused", code: "UPSTREAM_NOT_ALLOWED", status: 502 },
  },
  {
    share: 5,
    send: over({ service: "closed-api", path: "/ok" }),
    expected: { outcome: "failed", code: "UPSTREAM_REFUSED", status: 502 },
  },
  {
    share: 4,
    send: over({ via: "UNATTENDED", service: "node-api", path: "/ok" }),
    expected: { outcome: "failed", code: "NO_CONNECTOR", status: 503, attempts: 0 },
  },
  {
    share: 3,
    send: over({ via: "MISSING", service: "node-api", path: "/ok" }),
    expected: { outcome: "refused", code: "UNKNOWN_TUNNEL", status: 404, attempts: 0 },
  },
  {
    share: 2,
    // When the body breaks off, the gateway drops what it has not written yet.
    send: (headers) => over({ service: "node-api", path: "/cut?length" })(headers).catch(() => {}),
    expected: { outcome: "aborted", code: "UPSTREAM_PROTOCOL", status: 200, attempts: 1 },
  },
  {
    share: 1,
    send: (headers) =>
      probe(system, {
        service: "node-api",
        path: "/hang",
        headers: Object.entries(headers),
        cancel: { when: "before-head", afterMs: 60 },
      }),
    expected: { outcome: "cancelled", code: null, status: 499, attempts: 1 },
  },
];

it(
  `${REQUESTS} requests of all outcomes are as many events, one each, in logs and history, though the destination was down in between`,
  { timeout: 300_000 },
  async () => {
    const kinds = KINDS.flatMap((kind) => Array.from({ length: kind.share }, () => kind));
    expect(kinds).toHaveLength(100);
    const sent = new Map<string, Expected>();
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < REQUESTS) {
        const index = next++;
        if (index === Math.round(REQUESTS * 0.3)) isDown = true;
        // 37 and 100 have no common factor, so neighbours differ.
        const kind = kinds[(index * 37) % kinds.length];
        if (kind === undefined) throw new Error("unreachable");
        const traceId = randomBytes(16).toString("hex");
        sent.set(traceId, kind.expected);
        await kind.send({ traceparent: `00-${traceId}-b7ad6b7169203331-01` });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sender));
    // However fast the requests were, some events arrived while it was down.
    await eventually("a refusal", PATIENCE_MS, () => refusals > 0);
    isDown = false;
    await eventually(`${REQUESTS} events`, PATIENCE_MS, () => events.size >= REQUESTS).catch(
      (error: unknown) => {
        throw new Error(`${events.size} events`, { cause: error });
      },
    );

    expect(refusals).toBeGreaterThan(0);
    expect(receiver.complaints).toEqual([]);
    expect([...events].filter(([, { length }]) => length !== 1)).toEqual([]);
    const wrong = [...sent].flatMap(([traceId, expected]) => {
      const [event] = events.get(traceId) ?? [];
      const seen = Object.fromEntries(
        Object.keys(expected).map((name) => [name, event?.[name as keyof Expected]]),
      );
      return JSON.stringify(seen) === JSON.stringify(expected) ? [] : [{ expected, event }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    const logged = new Map([...events.values()].flat().map((event) => [event.requestId, event]));
    expect(logged.size).toBe(REQUESTS);
    // Why each failed, in the words of the side that found out.
    const failed = [...logged.values()].filter(({ code }) => code !== null);
    expect(failed.filter(({ detail = "" }) => detail === "")).toEqual([]);
    const refused = failed.find(({ code }) => code === "UPSTREAM_REFUSED");
    expect(refused?.detail).toMatch(/no connection to \S+:\d+: .*ECONNREFUSED/);
    expect(failed.find(({ code }) => code === "UPSTREAM_NOT_ALLOWED")?.detail).toContain("TUNNEL_ALLOW");

    // Finds the same requests by search. Each tunnel's requests are in its history, except those of tunnels that do not
    // exist.
    const tunnels = new Set([...logged.values()].map(({ tunnel }) => tunnel));
    for (const tunnel of tunnels) {
      const own = [...logged.values()].filter((event) => event.tunnel === tunnel);
      if (own[0]?.code === "UNKNOWN_TUNNEL") continue;
      const found = await history(tunnel);
      expect(new Set(found.map(({ requestId }) => requestId)).size, tunnel).toBe(own.length);
      expect(
        found.find((event) => JSON.stringify(event) !== JSON.stringify(logged.get(event.requestId))),
      ).toBe(undefined);
      expect(found.map(({ time }) => time)).toEqual(
        found
          .map(({ time }) => time)
          .toSorted()
          .toReversed(),
      );
      const failures = await history(tunnel, "&code=any");
      expect(failures.length).toBe(own.filter(({ code }) => code !== null).length);
    }
  },
);

async function history(tunnel: string, query = ""): Promise<RequestEvent[]> {
  const found: RequestEvent[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const url = `${system.workerd.url}/v1/tunnels/${tunnel}/requests?limit=100${query}${cursor && `&cursor=${cursor}`}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${system.adminKey}` } });
    const page = (await response.json()) as { items: RequestEvent[]; nextCursor: string | null };
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}
