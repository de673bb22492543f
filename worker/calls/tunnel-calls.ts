import type { TcpFailure } from "../failures/tcp-failure.ts";
import type { TcpStreams } from "../exchange/tcp/tcp-streams.ts";
import type { GatewayClaim } from "../tunnel/configuration/claim.ts";
import type { TunnelConfig, TunnelStatus } from "../tunnel/configuration/tunnel-config.ts";

/** A connection, or why there is none. `isOwn`: the object has not logged the failure. */
export type Dialled = (
  | { ok: true; streams: TcpStreams }
  | { ok: false; failure: TcpFailure; isOwn: boolean }
) & {
  /** The newer list of objects, where the Worker knows an older one. */
  objects?: string;
};

/** The RPC methods of a tunnel's object besides `fetch`. Every call is asynchronous and may fail. */
export interface TunnelCalls extends Rpc.DurableObjectBranded {
  fetch(request: Request): Promise<Response>;

  /** Opens a TCP connection for a gateway. The claim comes from the Worker, as it does beside a request. */
  dial(claim: GatewayClaim, address: string): Promise<Dialled>;

  /** Activates a newer configuration at once, and returns the version that the object has afterwards. */
  applyConfig(config: TunnelConfig): { version: number };

  /** These keys and sessions are no longer valid, so their watchers are cut off. */
  endTails(kids: readonly string[]): void;

  status(): TunnelStatus;

  /** Does nothing. Its answer shows that the object runs. */
  alive(): void;
}
