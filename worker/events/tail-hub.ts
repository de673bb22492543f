import { ATTACHMENT_VERSION } from "../attachment-version.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import {
  CLOSE_SERVICE_RESTART,
  CLOSE_NO_LONGER_ALLOWED,
  ITEM_OVERHEAD_BYTES,
} from "../../shared/protocol/index.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { matches, type TailFilter } from "../../shared/signals/tail-filter.ts";

/** The maximum of watchers of one object, so that they cost the tunnel little. */
export const MAX_TAILS = 8;
const WATCH_MS = 15 * 60_000;
/** Several events leave in one message. */
const GATHER_MS = 100;
/** Events that were sent but not yet acknowledged. A watcher that cannot keep up misses events, and is told how many. */
const MAX_UNRECEIVED_EVENTS = 1_000;

/** The attachment of a watcher's socket, which sleeps with the object. */
export interface TailAttachment {
  version?: typeof ATTACHMENT_VERSION;
  role: "tail";
  filter: TailFilter;
  /** The id of the key or session. Sockets that a version before 0.2 accepted have none. */
  kid?: string;
  /** Events, since the watcher came. */
  sent: number;
  received: number;
  /** When the key has to be presented again. */
  untilMs: number;
}

interface Watcher {
  attachment: TailAttachment;
  lines: string[];
  dropped: number;
}

/** The live watchers of one object's requests. */
export class TailHub {
  readonly #clock: Clock;
  readonly #memory: MemoryAccount;
  readonly #watchers = new Map<WebSocket, Watcher>();
  #scheduled = false;

  constructor(clock: Clock, memory: MemoryAccount) {
    this.#clock = clock;
    this.#memory = memory;
  }

  get size(): number {
    return this.#watchers.size;
  }

  has(socket: WebSocket): boolean {
    return this.#watchers.has(socket);
  }

  /** The result: until when it may watch. */
  accept(socket: WebSocket, filter: TailFilter, kid: string, endsAtMs = Infinity): number {
    const untilMs = Math.min(this.#clock.nowMs() + WATCH_MS, endsAtMs);
    const attachment: TailAttachment = {
      ...{ version: ATTACHMENT_VERSION, role: "tail", filter, kid, sent: 0, received: 0, untilMs },
    };
    socket.serializeAttachment(attachment);
    this.restore(socket, attachment);
    return untilMs;
  }

  /** After the object's memory was lost. */
  restore(socket: WebSocket, attachment: TailAttachment): void {
    // Without an id, it could not be ended with its key.
    if (attachment.kid === undefined) return socket.close(CLOSE_SERVICE_RESTART, "show the key again");
    this.#watchers.set(socket, { attachment, lines: [], dropped: 0 });
  }

  leave(socket: WebSocket): void {
    this.#release(this.#watchers.get(socket)?.lines ?? []);
    this.#watchers.delete(socket);
  }

  end(socket: WebSocket, reason: string): void {
    this.leave(socket);
    socket.close(CLOSE_SERVICE_RESTART, reason);
  }

  endExpired(): void {
    const nowMs = this.#clock.nowMs();
    for (const [socket, { attachment }] of this.#watchers) {
      if (nowMs >= attachment.untilMs) this.end(socket, "show the key again");
    }
  }

  /** Ends the watchers of these keys and sessions, which are no longer valid. */
  endOf(kids: readonly string[]): void {
    for (const [socket, { attachment }] of [...this.#watchers]) {
      if (attachment.kid === undefined || !kids.includes(attachment.kid)) continue;
      this.leave(socket);
      socket.close(CLOSE_NO_LONGER_ALLOWED, "the key or session is gone");
    }
  }

  endAll(reason: string): void {
    for (const socket of [...this.#watchers.keys()]) this.end(socket, reason);
  }

  /** `line`: the event as it may be shown. */
  offer(event: RequestEvent, line: string): void {
    this.endExpired();
    for (const watcher of this.#watchers.values()) {
      const { attachment, lines } = watcher;
      if (!matches(attachment.filter, event)) continue;
      const unreceived = attachment.sent - attachment.received + lines.length;
      if (unreceived < MAX_UNRECEIVED_EVENTS && this.#memory.take(costOf(line))) lines.push(line);
      else watcher.dropped++;
      this.#schedule();
    }
  }

  /** A watcher's acknowledgement. Any other message is an error. */
  received(socket: WebSocket, message: ArrayBuffer | string): void {
    const watcher = this.#watchers.get(socket);
    if (watcher === undefined) return;
    const { attachment } = watcher;
    const received = typeof message === "string" ? receivedOf(message) : null;
    if (received === null || received > attachment.sent)
      return socket.close(1008, "not a valid acknowledgement");
    attachment.received = Math.max(attachment.received, received);
    socket.serializeAttachment(attachment);
    if (watcher.dropped > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.after(GATHER_MS, () => {
      this.#scheduled = false;
      for (const [socket, watcher] of this.#watchers) {
        const { lines } = watcher;
        if (flush(socket, watcher)) this.#release(lines);
      }
    });
  }

  #release(lines: readonly string[]): void {
    this.#memory.giveBack(lines.reduce((sum, line) => sum + costOf(line), 0));
  }
}

function costOf(line: string): number {
  return line.length + ITEM_OVERHEAD_BYTES;
}

/** False: its lines still wait. */
function flush(socket: WebSocket, watcher: Watcher): boolean {
  const { attachment, lines, dropped } = watcher;
  const isFull = attachment.sent - attachment.received >= MAX_UNRECEIVED_EVENTS;
  if ((lines.length === 0 && (dropped === 0 || isFull)) || socket.readyState !== WebSocket.OPEN) return false;
  attachment.sent += lines.length;
  watcher.lines = [];
  watcher.dropped = 0;
  socket.serializeAttachment(attachment);
  // A message of `TailMessage` (shared/events/tail.ts); the lines are JSON already.
  socket.send(`{"events":[${lines.join(",")}],"dropped":${dropped}}`);
  return true;
}

function receivedOf(message: string): number | null {
  try {
    const { received } = JSON.parse(message) as { received?: unknown };
    return typeof received === "number" && Number.isInteger(received) && received >= 0 ? received : null;
  } catch {
    return null;
  }
}
