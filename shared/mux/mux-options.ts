import type { Clock } from "../time/clock.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import type { Goaway, TunnelError } from "../protocol/index.ts";
import type { Transport } from "../transport.ts";
import type { SendBudget } from "./credit/flow-window.ts";

export interface MuxEvents {
  /** The peer accepts or opens no more streams on this connection. */
  onGoaway?(goaway: Goaway): void;
  /** The values are views of the received message. May throw a connection error. */
  onSettings?(settings: ReadonlyMap<number, Uint8Array>): void;
  /** A stream has something to send, but its window is closed. */
  onStalled?(): void;
  /** The peer was asked for a sign of life and gave none. Without this handler, the connection ends then. */
  onSilent?(): void;
  /** The peer gave a sign of life after all. */
  onHeard?(): void;
  /** An unexpected exception. It ends the stream or the connection as INTERNAL. */
  onFault?(thrown: unknown): void;
  /** Called once, after every stream's own `onClosed`. */
  onClosed(error: TunnelError): void;
}

export interface MuxOptions {
  transport: Transport;
  clock: Clock;
  events: MuxEvents;
  /** What this end grants, in bytes. Its HELLO or WELCOME announces this base. */
  streamWindowBytes: number;
  streamWindowMaxBytes: number;
  connectionWindowBytes: number;
  /** The memory budget that this connection shares with others. */
  memory: MemoryAccount;
  budget: SendBudget;
  /** How long frames may be gathered under load, so that fewer messages are sent. 0: not longer than the turn. */
  gatherMs: number;
  /** Asks a peer that fell silent under traffic. Absent: by PING. */
  askForLife?: () => void;
  /** The time of the peer's last sign of life that was no message to this end. */
  lastLifeMs?: () => number;
}
