import type { TcpFailure } from "../failures/tcp-failure.ts";
import type { TcpStreams } from "../exchange/tcp/tcp-streams.ts";
import type { GatewayClaim } from "../tunnel/configuration/claim.ts";
import type { TunnelConfig, TunnelStatus } from "../tunnel/configuration/tunnel-config.ts";

/** A connection, or why there is none; `isOwn`: what the object has not logged. */
export type Dialled = (
  | { ok: true; streams: TcpStreams }
  | { ok: false; failure: TcpFailure; isOwn: boolean }
) & {
  /** The newer list of objects, where the Worker knows an older one. */
  objects?: string;
};

/** What others may ask of a tunnel's object besides `fetch`. Every answer is a promise, and may fail. */
export interface TunnelCalls extends Rpc.DurableObjectBranded {
  fetch(request: Request): Promise<Response>;

  /** Opens a TCP connection for a gateway. The claim is the Worker's word, as it is beside a request. */
  dial(claim: GatewayClaim, address: string): Promise<Dialled>;

  /** Takes a newer configuration into force at once; answers with the version held afterwards. */
  applyConfig(config: TunnelConfig): { version: number };

  /** These keys and sessions are gone, and what is watched with them ends. */
  endTails(kids: readonly string[]): void;

  status(): TunnelStatus;

  /** Does nothing: who waits for another answer learns by it that the object runs. */
  alive(): void;
}
