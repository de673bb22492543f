import type { TunnelConfig, TunnelStatus } from "./tunnel-config.ts";

/** What others may ask of a tunnel's object besides `fetch`. Every answer is a promise, and may fail. */
export interface TunnelCalls extends Rpc.DurableObjectBranded {
  fetch(request: Request): Promise<Response>;

  /** Takes a newer configuration into force at once; answers with the version held afterwards. */
  applyConfig(config: TunnelConfig): { version: number };

  /** These keys and sessions are gone, and what is watched with them ends. */
  endTails(kids: readonly string[]): void;

  status(): TunnelStatus;
}
