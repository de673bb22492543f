import { randomBytes } from "node:crypto";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { eventOf, RELAY_HOST, startLocal, type TwinOptions } from "../local/index.ts";
import { openFront } from "./front.ts";
import { watchFolders } from "./watch-folders.ts";

const LOG_POLL_MS = 50;

export interface DevOptions extends TwinOptions {
  /** The gateway's port on loopback; 0 for any free port. */
  port: number;
  /** What the connector may reach, in the form of `TUNNEL_ALLOW`. */
  allow: string;
  /** Called with each finished request. */
  onRequest: (event: RequestEvent) => void;
  /** Called with each line that the gateways write to their consoles. */
  onConsole: (line: string) => void;
  /** Called after each reload. If it failed, with the reason; the gateway is then down until the next change. */
  onReload: (problem: string | null) => void;
}

export interface Dev {
  gatewayUrl: string;
  /** The relay, with its dashboard and admin API, on the same port. */
  relayUrl: string;
  adminKey: string;
  tunnelIds: readonly string[];
  stop(): Promise<void>;
}

/** Runs gateway, relay and connector until they are stopped. A change to a file of the gateway reloads it. */
export async function startDev(options: DevOptions): Promise<Dev> {
  const front = await openFront(options.port);
  const adminKey = randomBytes(32).toString("base64url");
  const relayVars = { ADMIN_KEY: adminKey };
  const system = await startLocal({ ...options, relayVars }).catch(async (error: unknown) => {
    await front.close();
    throw error;
  });
  front.leadTo(system.url);

  const tell = (): void => {
    const lines = system.harness.getLogs();
    system.harness.clearLogs();
    // The list of requests is for tests. Nobody reads it here, so it is emptied.
    system.requests.list.length = 0;
    for (const { message } of lines) {
      const [event] = eventOf(message);
      if (event !== undefined) options.onRequest(event);
      else if (!message.startsWith('{"event":')) options.onConsole(message);
    }
  };
  const telling = setInterval(tell, LOG_POLL_MS);

  let reloading: Promise<void> = Promise.resolve();
  let stopping = false;
  const reload = async (): Promise<void> => {
    if (stopping) return;
    try {
      await system.reload();
      front.leadTo(system.url);
      options.onReload(null);
    } catch (error) {
      front.leadTo(null);
      if (!stopping) options.onReload(error instanceof Error ? error.message : String(error));
    }
  };
  const unwatch = watchFolders(system.folders, () => {
    reloading = reloading.then(reload);
  });
  return {
    gatewayUrl: `http://localhost:${front.port}`,
    relayUrl: `http://${RELAY_HOST}:${front.port}`,
    adminKey,
    tunnelIds: system.tunnels.map(({ tunnelId }) => tunnelId),
    async stop() {
      stopping = true;
      unwatch();
      await reloading;
      await front.close();
      await system.stop();
      clearInterval(telling);
    },
  };
}
