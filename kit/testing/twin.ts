import { setTimeout as sleep } from "node:timers/promises";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import {
  eventOf,
  type LocalTunnel,
  type LocalSystem,
  startLocal,
  type Twin,
  type TwinOptions,
} from "../local/index.ts";

const EVENT_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/** Starts gateway, relay and connector. Throws an error that says what to change if an option is wrong. */
export async function startTwin(options: TwinOptions): Promise<Twin> {
  return twinOf(await startLocal(options));
}

function twinOf({ harness, url, requests, faults, tunnels, services, stop }: LocalSystem): Twin {
  const events = (): RequestEvent[] => harness.getLogs().flatMap(({ message }) => eventOf(message));
  let stopped: Promise<void> | null = null;
  const assertRuns = (): void => {
    if (stopped !== null) throw new Error("this twin was stopped");
  };
  const each = async (act: (tunnel: LocalTunnel) => Promise<void>): Promise<void> => {
    assertRuns();
    await Promise.all(tunnels.map(act));
  };
  /** Throws for an unknown name: a fault under a misspelt name would never happen, and the test would show nothing. */
  const known = (service: string): string => {
    assertRuns();
    // Hosts of network rules are not in this list.
    if (!services.has(service.toLowerCase()) && !/[.:]/.test(service)) {
      throw new Error(`there is no service ${service}, but ${[...services].join(", ")}`);
    }
    return service;
  };
  const heal = async (service?: string): Promise<void> => {
    faults.clear(service === undefined ? undefined : known(service));
    await each((tunnel) => tunnel.allow(service));
  };
  const connectConnectors = () => each((tunnel) => tunnel.connect());
  return {
    url,
    async fetch(input, init) {
      assertRuns();
      return (await harness.fetch(input, init)) as Response;
    },
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
    fail: (service, code) => faults.set(known(service), { code }),
    slow: (service, delayMs) => faults.set(known(service), { delayMs }),
    cutAfter: (service, cutAfterBytes) => faults.set(known(service), { cutAfterBytes }),
    deny: (service) => each((tunnel) => tunnel.deny(known(service))),
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
