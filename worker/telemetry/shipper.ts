import type { LogDestination } from "../../shared/events/log-destination.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import {
  afterSend,
  type Delivery,
  type Encoding,
  isBefore,
  newDelivery,
  overtaken,
  passed,
  type SendOutcome,
  type SpoolPosition,
} from "../log-delivery/delivery.ts";
import { isFailure, parseEvent } from "../events/index.ts";
import { type Spool, type SpooledLine, type SpoolRow, waiting } from "./spool.ts";
import type { DeliveryReport } from "./metrics/telemetry-report.ts";

/** Limits of one request. Datadog accepts a thousand events. Services accept a few megabytes, and an encoding is up to three times the lines. */
const MAX_EVENTS = 1_000;
const MAX_TEXT_LENGTH = 512 * 1024;
/** Consecutive requests to a destination before others get their turn. */
const MAX_ROUNDS = 20;

export interface ShipperOptions {
  sql: SqlStorage;
  spool: Spool;
  /** Entries from here on are kept for destinations that are not known yet; null: none. */
  keptFromId: () => number | null;
  nowMs: () => number;
  random: () => number;
  /** `known`: the encoding that the destination has taken before. */
  send: (
    destination: LogDestination,
    events: readonly RequestEvent[],
    known: Encoding | null,
  ) => Promise<{ outcome: SendOutcome; encoding: Encoding | null }>;
}

interface Batch {
  events: RequestEvent[];
  positions: SpoolPosition[];
  end: SpoolPosition;
}

/** Sends the spool to the destinations, each at its own pace. */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #deliveries: Map<string, Delivery>;
  readonly #running = new Set<string>();

  constructor(options: ShipperOptions) {
    this.#options = options;
    options.sql.exec(
      "CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, delivery TEXT NOT NULL) WITHOUT ROWID",
    );
    const rows = options.sql.exec<{ delivery: string }>("SELECT delivery FROM deliveries").toArray();
    this.#deliveries = new Map(
      rows.map((row) => JSON.parse(row.delivery) as Delivery).map((delivery) => [delivery.id, delivery]),
    );
  }

  /** The destinations have changed. New ones begin at `newFrom`; those that failed are tried at once. */
  reconcile(destinations: readonly LogDestination[], newFrom: number): void {
    for (const id of this.#deliveries.keys()) {
      if (destinations.some((destination) => destination.id === id)) continue;
      this.#deliveries.delete(id);
      this.#options.sql.exec("DELETE FROM deliveries WHERE id = ?", id);
    }
    for (const { id, events: filter } of destinations) {
      const known = this.#deliveries.get(id);
      if (known === undefined) this.#save(newDelivery(id, filter, { id: newFrom, offset: 0 }));
      else this.#save({ ...known, filter, dueAtMs: 0, encoding: null });
    }
    this.#trim();
  }

  /** Entries that were deleted to make room. */
  dropped(rows: readonly SpoolRow[]): void {
    const last = rows.at(-1);
    if (last === undefined) return;
    for (const delivery of this.#deliveries.values()) {
      const lost = rows.reduce((sum, row) => sum + waiting(row, delivery.position, delivery.filter), 0);
      if (delivery.position.id <= last.id) this.#save(overtaken(delivery, last.id + 1, lost));
    }
  }

  /** Sends what is due. Each destination's promise settles when it has caught up, has failed, or has had its turn. */
  ship(destinations: readonly LogDestination[]): Promise<void>[] {
    return destinations.flatMap((destination) => {
      if (this.#running.has(destination.id)) return [];
      this.#running.add(destination.id);
      return [this.#run(destination).finally(() => this.#running.delete(destination.id))];
    });
  }

  /** When there is something to do next; null: nothing. Destinations that are being sent to do not count. */
  nextDueMs(): number | null {
    const { lastId } = this.#options.spool;
    const due = [...this.#deliveries.values()]
      .filter(({ id, position }) => position.id <= lastId && !this.#running.has(id))
      .map(({ dueAtMs }) => dueAtMs);
    return due.length === 0 ? null : Math.min(...due);
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  /** Whether sending to any destination has failed and not worked since. Its settings may have been corrected in the meantime. */
  get hasFailed(): boolean {
    return [...this.#deliveries.values()].some(({ failures }) => failures > 0);
  }

  reports(): DeliveryReport[] {
    return Array.from(this.#deliveries.values(), (delivery) => {
      const { id, shipped, lost, rejected, lastSuccessAtMs, lastError } = delivery;
      return {
        id,
        shipped,
        lost,
        rejected,
        backlog: this.#options.spool.backlog(delivery),
        lastSuccessAtMs,
        lastError,
      };
    });
  }

  async #run(destination: LogDestination): Promise<void> {
    const { id } = destination;
    const { spool, send, nowMs, random } = this.#options;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = this.#deliveries.get(id);
      if (before === undefined || before.dueAtMs > nowMs() || before.position.id > spool.lastId) break;
      const batch = batchOf(before, await spool.read(before.position, MAX_EVENTS, MAX_TEXT_LENGTH));
      const count = batch.events.length;
      const answer = count === 0 ? null : await send(destination, batch.events, before.encoding ?? null);
      // It may have been deleted or overtaken meanwhile.
      const delivery = this.#deliveries.get(id);
      if (delivery === undefined) break;
      if (answer === null) {
        this.#save(passed(delivery, batch.end));
        continue;
      }
      const gone = batch.positions.filter((position) => isBefore(position, delivery.position)).length;
      const { outcome, encoding } = answer;
      const sent = { count, end: batch.end, positions: batch.positions, overtaken: gone };
      const isTaken = outcome.outcome === "accepted" || outcome.outcome === "stopped";
      const after = afterSend(delivery, sent, outcome, nowMs(), random());
      this.#save(isTaken ? { ...after, encoding } : after);
    }
    this.#trim();
  }

  #save(delivery: Delivery): void {
    this.#deliveries.set(delivery.id, delivery);
    this.#options.sql.exec(
      "INSERT OR REPLACE INTO deliveries (id, delivery) VALUES (?, ?)",
      delivery.id,
      JSON.stringify(delivery),
    );
  }

  /** Deletes the entries that every destination has passed. */
  #trim(): void {
    const { spool, keptFromId } = this.#options;
    const positions = Array.from(this.#deliveries.values(), ({ position }) => position.id);
    const end = spool.lastId + 1;
    spool.deleteBefore(Math.min(end, keptFromId() ?? end, ...positions));
  }
}

/** The events for one request to this destination, from what was read. */
function batchOf(
  { filter, split }: Delivery,
  { lines, end }: { lines: readonly SpooledLine[]; end: SpoolPosition },
): Batch {
  const batch: Batch = { events: [], positions: [], end };
  for (const { position, line } of lines) {
    const isOver = split !== null && (batch.events.length === split.size || !isBefore(position, split.until));
    if (isOver) return { ...batch, end: position };
    const event = parseEvent(line);
    if (event === null || (filter === "failures" && !isFailure(event))) continue;
    batch.events.push(event);
    batch.positions.push(position);
  }
  return batch;
}
