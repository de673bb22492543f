export interface ListenAddress {
  /** Without brackets. */
  host: string;
  port: number;
}

/** The first is also cloudflared's default. If it is taken, the connector listens on the next free one. */
const DEFAULT_METRICS_PORTS = [20241, 20242, 20243, 20244, 20245, 20246];

/** The addresses for the metrics, in the order in which they are tried. */
export function metricsAddresses(setting: ListenAddress | null): readonly ListenAddress[] {
  if (setting !== null) return [setting];
  return DEFAULT_METRICS_PORTS.map((port) => ({ host: "127.0.0.1", port }));
}

export function parseListenAddress(text: string): ListenAddress | null {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
