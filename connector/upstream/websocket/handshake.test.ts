import { once } from "node:events";
import type { IncomingMessage } from "node:http";
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
import { upstreamHandshake } from "./handshake.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

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
  const refused = Promise.withResolvers<IncomingMessage>();
  const onTornDown = vi.fn<() => void>();
  const open = {
    ...{ kind: "websocket" as const, service: "s", target: server.origin, method: "GET", path: "/" },
    ...{ requestId: crypto.randomUUID(), project: "p", environment: "e", fields: [] },
  };
  const end = upstreamHandshake(open, deps, {
    onAccepted: () => refused.reject(new Error("accepted")),
    onRefused: (response) => refused.resolve(response),
    onFailed: (error) => refused.reject(error),
    onTornDown,
  });
  closing.push(end);
  // Dialling begins with the clock's next step.
  const dialling = setInterval(() => clock.advance(0), 1);
  closing.push(() => clearInterval(dialling));
  return { clock, response: await refused.promise, onTornDown };
}

it("a refusal of which nothing more comes ends, as any other answer does", async () => {
  const { clock, response, onTornDown } = await halfRefused();
  response.on("error", () => {});
  const [bytes] = (await once(response, "data")) as [Buffer];
  expect(bytes.toString()).toBe("half of it");
  clock.advance(SILENCE_MS);
  expect(response.destroyed).toBe(false);
  clock.advance(SILENCE_MS);
  await vi.waitFor(() => expect(onTornDown).toHaveBeenCalled(), { timeout: 15_000 });
  expect(response.complete).toBe(false);
});

it("a refusal whose reader pauses waits for it", async () => {
  const { clock, response, onTornDown } = await halfRefused();
  response.pause();
  clock.advance(4 * SILENCE_MS);
  await new Promise((resolve) => setImmediate(resolve));
  expect(onTornDown).not.toHaveBeenCalled();
});
