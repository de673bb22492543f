import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, expect, it } from "vitest";
import { behindTunnel, type BehindTunnel, serveApplication } from "../../support/application.ts";

/** After this many events the server ends the stream. The client reconnects and continues after the last event. */
const EVENTS_EACH = 7;
const EVENTS = 30;

let tunnel: BehindTunnel;
const open = new Set<ServerResponse>();
const resumedAt: string[] = [];
beforeAll(async () => {
  const served = await serveApplication((request, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    if (request.url === "/open") {
      response.write("data: first\n\n");
      // Such servers write regularly: the runtime in front notices a client that has left when it writes to it.
      const beat = setInterval(() => response.write(": still here\n\n"), 100);
      return void response.on("close", () => clearInterval(beat));
    }
    const last = Number(request.headers["last-event-id"] ?? -1);
    resumedAt.push(String(last));
    response.write("retry: 10\n\n");
    for (let id = last + 1; id <= last + EVENTS_EACH; id++) {
      response.write(`id: ${id}\nevent: number\ndata: caf\u00e9 ${id}\ndata: and more\n\n`);
    }
    response.end();
  });
  tunnel = await behindTunnel(served);
});
afterAll(() => tunnel?.stop());

it("events arrive one by one, and a stream that ended is resumed after its last event", async () => {
  const source = new EventSource(`${tunnel.url}/numbers`);
  const events: [string, string][] = [];
  await new Promise<void>((resolve) => {
    source.addEventListener("number", ({ lastEventId, data }) => {
      if (events.push([lastEventId, String(data)]) === EVENTS) resolve();
    });
  });
  source.close();
  expect(events.slice(0, EVENTS)).toEqual(
    Array.from({ length: EVENTS }, (_, id) => [String(id), `caf\u00e9 ${id}\nand more`]),
  );
  expect(resumedAt.slice(0, 4)).toEqual(["-1", "6", "13", "20"]);
});

it("an event arrives while its stream stays open, and the client's end reaches the server", async () => {
  await expect.poll(() => open.size, { timeout: 20_000 }).toBe(0);
  const source = new EventSource(`${tunnel.url}/open`);
  const [event] = (await once(source, "message")) as [MessageEvent];
  expect([event.data, open.size]).toEqual(["first", 1]);
  source.close();
  await expect.poll(() => open.size, { timeout: 20_000 }).toBe(0);
});
