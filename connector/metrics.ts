import type { RequestSummary } from "./request-record.ts";

interface Gauges {
  readyConnections: number;
  activeStreams: number;
}

/** Counts since the process started, as text for Prometheus. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  #requestBytes = 0;
  #responseBytes = 0;
  #connectionsLost = 0;
  #relayMessages = 0;

  requestFinished({ kind, status, code, requestBytes, responseBytes }: RequestSummary): void {
    const labels = `kind="${kind}",status="${status ?? ""}",code="${code ?? ""}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    this.#requestBytes += requestBytes;
    this.#responseBytes += responseBytes;
  }

  connectionLost(): void {
    this.#connectionsLost++;
  }

  relayMessageSent(): void {
    this.#relayMessages++;
  }

  render({ readyConnections, activeStreams }: Gauges): string {
    const lines: string[] = [];
    const family = (
      name: string,
      type: "counter" | "gauge",
      help: string,
      samples: [labels: string, value: number][],
    ) => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [labels, value] of samples)
        lines.push(`${name}${labels === "" ? "" : `{${labels}}`} ${value}`);
    };
    family("culvert_connector_ready_connections", "gauge", "Connections accepted by the relay.", [
      ["", readyConnections],
    ]);
    family("culvert_connector_active_streams", "gauge", "Requests and WebSockets being served.", [
      ["", activeStreams],
    ]);
    family("culvert_connector_connections_lost_total", "counter", "Connections to the relay that ended.", [
      ["", this.#connectionsLost],
    ]);
    family(
      "culvert_connector_relay_messages_total",
      "counter",
      "Messages sent to the relay, where they are billed.",
      [["", this.#relayMessages]],
    );
    family("culvert_connector_requests_total", "counter", "Finished requests.", [...this.#requests]);
    family("culvert_connector_request_bytes_total", "counter", "Body bytes sent upstream.", [
      ["", this.#requestBytes],
    ]);
    family("culvert_connector_response_bytes_total", "counter", "Body bytes received from upstreams.", [
      ["", this.#responseBytes],
    ]);
    return `${lines.join("\n")}\n`;
  }
}
