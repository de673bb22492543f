import { afterEach, expect, it, vi } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { ByteServer } from "../../../test/support/servers/byte-server.ts";
import { throwFault } from "../../../test/support/throw-fault.ts";
import { memoryOf } from "../../../test/support/memory.ts";
import { Names } from "../../names/names.ts";
import { nodeClock } from "../../platform/node-clock.ts";
import { parseAllowlist, UpstreamPolicy } from "../policy.ts";
import { DEFAULT_UPSTREAM } from "../upstream-rules.ts";
import { SILENCE_MS } from "../upstream.ts";
import { UpstreamHandshake } from "./handshake.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

/** An upstream that refuses, and says half of why. */
async function halfRefused() {
  const clock = new FakeClock();
  const server = await new ByteServer((socket) => {
    socket.write("HTTP/1.1 403 Forbidden\r\ncontent-length: 20\r\n\r\nhalf of it");
  }).start();
  closing.push(() => server.close());
  const list = parseAllowlist("127.0.0.1");
  if (!list.ok) throw new Error("no allowlist");
  const deps = {
    ...{ policy: new UpstreamPolicy(list.rules), limits: new Map(), names: new Names({ clock: nodeClock }) },
    ...{ rules: [{ pattern: "*", host: { kind: "any" as const }, settings: DEFAULT_UPSTREAM }] },
    ...{ clock, reportFault: throwFault, memory: memoryOf() },
  };
  const open = {
    ...{ kind: "websocket" as const, service: "s", target: server.origin, method: "GET", path: "/" },
    ...{ requestId: crypto.randomUUID(), project: "p", environment: "e", fields: [] },
  };
  const seen = { status: 0, body: "", ended: false, error: "", tornDown: false };
  const handshake = new UpstreamHandshake(open, deps, {
    onAccepted: () => void (seen.error = "accepted"),
    onResponse: (status) => void (seen.status = status),
    onData: (bytes) => void (seen.body += bytes.toString()),
    onEnd: () => void (seen.ended = true),
    onError: ({ message }) => void (seen.error = message),
    onTornDown: () => void (seen.tornDown = true),
  });
  closing.push(() => handshake.end());
  // Dialling begins with the clock's next step.
  const dialling = setInterval(() => clock.advance(0), 1);
  closing.push(() => clearInterval(dialling));
  await until(() => seen.body === "half of it");
  expect(seen).toMatchObject({ status: 403, ended: false, error: "" });
  return { clock, handshake, seen };
}

it("a refusal that stalls ends like any other answer", async () => {
  const { clock, seen } = await halfRefused();
  clock.advance(SILENCE_MS - 1);
  expect(seen.error).toBe("");
  clock.advance(1);
  await until(() => seen.tornDown);
  expect(seen).toMatchObject({ ended: false, error: expect.stringContaining("sent no more") as string });
});

it("a refusal whose reader pauses waits for it", async () => {
  const { clock, handshake, seen } = await halfRefused();
  handshake.pause();
  clock.advance(4 * SILENCE_MS);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toMatchObject({ error: "", tornDown: false });
});
