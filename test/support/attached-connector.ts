import { readFileSync } from "node:fs";
import { pino } from "pino";
import { vi } from "vitest";
import type { Connector } from "../../connector/connector.ts";
import { loadConfig } from "../../connector/settings/connector-settings.ts";
import { startConnector } from "../../connector/start-connector.ts";
import type { Tracing } from "../../connector/telemetry/index.ts";
import { Call, RelayDouble } from "./peers/relay-double.ts";

/** A connector in this process, welcomed by a hand-made relay. */
export class AttachedConnector {
  readonly logLines: string[] = [];
  #relay: RelayDouble | null = null;
  #connector: Connector | null = null;

  async start(
    env: Record<string, string> = {},
    tracing: Tracing | null = null,
    onLogLine: (line: string) => void = () => {},
  ): Promise<this> {
    const relay = new RelayDouble();
    await relay.start();
    this.#relay = relay;
    const loaded = loadConfig(
      {},
      { TUNNEL_TOKEN: relay.token, TUNNEL_ALLOW: "127.0.0.1,localhost", ...env },
      (path) => readFileSync(path, "utf8"),
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { connector } = startConnector({
      config: loaded.config,
      connectorId: "con_test",
      softwareVersion: "1.2.3",
      tracing,
      droppedLogLines: () => 0,
      log: pino(
        { level: "debug" },
        {
          write: (line: string) => {
            this.logLines.push(line);
            onLogLine(line);
          },
        },
      ),
    });
    this.#connector = connector;
    const ready = () => connector.readyConnections === loaded.config.connections;
    await vi.waitUntil(ready, { timeout: 15_000, interval: 5 });
    return this;
  }

  get relay(): RelayDouble {
    if (this.#relay === null) throw new Error("not started");
    return this.#relay;
  }

  get connector(): Connector {
    if (this.#connector === null) throw new Error("not started");
    return this.#connector;
  }

  /** Makes a request without a body and resolves when it is over. For a WebSocket, resolves when it is open. */
  async call(target: string, open: ConstructorParameters<typeof Call>[2] = {}): Promise<Call> {
    const isWebSocket = open.kind === "websocket";
    const made = new Call(this.relay.current.mux, target, open, { end: !isWebSocket });
    const settled = () => made.closed || (isWebSocket && made.head?.status === 101);
    await vi.waitUntil(settled, { timeout: 15_000, interval: 2 });
    return made;
  }

  async stop(): Promise<void> {
    await this.#connector?.drain(0);
    this.#relay?.close();
  }
}
