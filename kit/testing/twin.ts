import { setTimeout as sleep } from "node:timers/promises";
import type { RequestEvent } from "../../shared/request-event.ts";
import { eventOf } from "../local/event-of.ts";
import type { LocalTunnel } from "../local/local-tunnel.ts";
import { type LocalSystem, startLocal } from "../local/start-local.ts";
import type { Twin, TwinOptions } from "./types.ts";

const EVENT_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/** Starts gateway, relay and connector. Throws with what to change where an option is wrong. */
export async function startTwin(options: TwinOptions): Promise<Twin> {
  return twinOf(await startLocal(options));
}

function twinOf({ harness, url, requests, faults, tunnels, stop }: LocalSystem): Twin {
  const events = (): RequestEvent[] => harness.getLogs().flatMap(({ message }) => eventOf(message));
  const each = async (act: (tunnel: LocalTunnel) => Promise<void>): Promise<void> => {
    await Promise.all(tunnels.map(act));
  };
  const heal = async (service?: string): Promise<void> => {
    faults.clear(service);
    await each((tunnel) => tunnel.allow(service));
  };
  const connectConnectors = () => each((tunnel) => tunnel.connect());
  let stopped: Promise<void> | null = null;
  return {
    url,
    fetch: async (input, init) => (await harness.fetch(input, init)) as Response,
    requests: requests.list,
    get events() {
      return events();
    },
    async event(of) {
      const id = typeof of === "string" ? of : of.headers.get("culvert-request-id");
      if (id === null) throw new Error("this answer carries no culvert-request-id: give the request's id");
      const deadlineMs = performance.now() + EVENT_TIMEOUT_MS;
      for (;;) {
        const found = events().find(({ requestId }) => requestId === id);
        if (found !== undefined) return found;
        if (performance.now() > deadlineMs) throw new Error(`there is no event of the request ${id}`);
        await sleep(POLL_MS);
      }
    },
    fail: (service, code) => faults.set(service, { code }),
    slow: (service, delayMs) => faults.set(service, { delayMs }),
    cutAfter: (service, cutAfterBytes) => faults.set(service, { cutAfterBytes }),
    deny: (service) => each((tunnel) => tunnel.deny(service)),
    heal,
    disconnectConnectors: () =>
      each(async (tunnel) => {
        await tunnel.disconnect();
        await tunnel.detached();
      }),
    connectConnectors,
    restartRelay: () => each((tunnel) => tunnel.restart()),
    async reset() {
      await heal();
      await connectConnectors();
      requests.list.length = 0;
      harness.clearLogs();
    },
    stop: () => (stopped ??= stop()),
  };
}
