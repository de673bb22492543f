import type { Transport } from "../../shared/transport.ts";

/** A connection to the relay, as `RelayConnection` sees it. */
export interface RelayTransport extends Transport {
  sendText(text: string): void;
  /** Ends it without waiting for the relay. No event follows. */
  terminate(): void;
}

export interface RelayTransportEvents {
  onOpen(): void;
  onMessage(message: Uint8Array): void;
  onText(text: string): void;
  /** `bufferedBytes` has become smaller. */
  onDrained(): void;
  /** The relay answered the handshake with this HTTP status. `spoken`: the protocols that it named. */
  onRefused(status: number, spoken?: string): void;
  /** It could not be made, or is lost. `reason` goes into logs. */
  onLost(reason: string): void;
  /** One of its handlers threw, so the state that it built from the relay's bytes may be wrong. */
  onFault(thrown: unknown): void;
}

/** `object`: which of the tunnel's objects to reach; absent or null: the relay picks one. */
export type DialRelay = (events: RelayTransportEvents, object?: string | null) => RelayTransport;
