import type { Transport } from "../../shared/transport.ts";

/** A connection to the relay, as a link sees it. */
export interface RelayTransport extends Transport {
  sendText(text: string): void;
  /** Ends it without waiting for the relay. No event follows. */
  terminate(): void;
}

export interface RelayTransportEvents {
  onOpen(): void;
  onMessage(message: Uint8Array): void;
  onText(text: string): void;
  /** What `bufferedBytes` tells has shrunk. */
  onDrained(): void;
  /** The relay answered the handshake with this HTTP status. `spoken`: the protocols that it named. */
  onRefused(status: number, spoken?: string): void;
  /** It could not be made, or is gone; `reason` is for people. */
  onLost(reason: string): void;
  /** One of its handlers threw: what it makes of the relay's bytes can no longer be relied on. */
  onFault(thrown: unknown): void;
}

/** `object`: which of the tunnel's objects to reach; absent or null: the relay picks one. */
export type DialRelay = (events: RelayTransportEvents, object?: string | null) => RelayTransport;
