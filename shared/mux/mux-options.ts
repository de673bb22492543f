import type { Clock } from "../time/clock.ts";
import type { MemoryAccount } from "../memory/memory-budget.ts";
import type { Goaway, TunnelError } from "../protocol/index.ts";
import type { Transport } from "../transport.ts";
import type { SendBudget } from "./credit/flow-window.ts";

export interface MuxEvents {
  /** The peer takes or opens no more streams on this connection. */
  onGoaway?(goaway: Goaway): void;
  /** Views of the message that brought them. May throw a connection error. */
  onSettings?(settings: ReadonlyMap<number, Uint8Array>): void;
  /** A stream has something to send, and the peer's window for it is shut. */
  onStalled?(): void;
  /** The peer was asked for a sign of life and gave none. Without this the connection is given up then. */
  onSilent?(): void;
  /** It gave one after all. */
  onHeard?(): void;
  /** Something threw what is no failure of the protocol's. It ends the stream or the connection as INTERNAL. */
  onFault?(thrown: unknown): void;
  /** Called once, after every stream's own `onClosed`. */
  onClosed(error: TunnelError): void;
}

export interface MuxOptions {
  transport: Transport;
  clock: Clock;
  events: MuxEvents;
  /** What this end grants, in bytes; the base is what its HELLO or WELCOME says. */
  streamWindowBytes: number;
  streamWindowMaxBytes: number;
  connectionWindowBytes: number;
  /** Of all that is kept for others, here and elsewhere. */
  memory: MemoryAccount;
  budget: SendBudget;
  /** How long to gather frames under load at most, so that fewer messages leave. 0: never longer than the turn. */
  gatherMs: number;
  /** How to ask a peer that fell silent under traffic, if not by PING. */
  askForLife?: () => void;
  /** When the peer last showed life without a message to this end, in ms of the clock. */
  lastLifeMs?: () => number;
}
