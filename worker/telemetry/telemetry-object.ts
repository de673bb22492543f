import { DurableObject } from "cloudflare:workers";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { type Env, registryStub } from "../env.ts";
import { withTimeout } from "../with-timeout.ts";
import { type EventBatch, isFailure, parseEvent } from "../events/index.ts";
import { historyLimits, maxSpoolBytes, reportEveryMs } from "../log-settings.ts";
import { findRequests, type RequestQuery } from "../history/find-requests.ts";
import { type CaptureAnswer, type CaptureEntry, CaptureStore, type StoredCapture } from "../capture/index.ts";
import { historyLine } from "../history/history-line.ts";
import { History, type HistoryChange } from "../history/history.ts";
import { countRequest } from "./metrics/request-metrics.ts";
import { outcomeOf, sendEvents } from "../log-delivery/send-events.ts";
import { noReportPlan, planReport } from "./report-plan.ts";
import { Shipper } from "./shipper.ts";
import { Spool, type SpoolEntry, spoolEntry } from "./spool.ts";
import type { TelemetryCalls } from "../calls/telemetry-calls.ts";
import type { ShippingList } from "./metrics/telemetry-report.ts";
import { isTaken, markTaken, type TelemetryState, TelemetryStateStore } from "./telemetry-state.ts";
import { addRequest } from "./traffic/traffic.ts";
import { type TrafficStep, TrafficSeries } from "./traffic/traffic-series.ts";

/** How long events wait for further ones before they are sent. */
const GATHER_MS = 2_000;
/** An answer of the Registry takes milliseconds. */
const REGISTRY_TIMEOUT_MS = 10_000;
const REGISTRY_RETRY_MS = 10_000;
/** The maximum age of the list of destinations while one of them fails, and for senders that do not learn of changes. */
const LIST_AGE_MS = 15_000;
/** Fast sends finish within the alarm. Slow ones continue beside the next alarm, so that none delays the others. */
const ALARM_WAIT_MS = 2_000;
/** Longer than a send can take: if the object is lost while it sends, the alarm takes over. */
const GUARD_MS = 30_000;

/** Batches that may wait for earlier ones. A sender whose batch is refused sends it again. */
const MAX_WAITING = 8;
/** Twice a sender's batch. Compressed or not, it has to fit into a row of two megabytes: three bytes a character. */
const MAX_BATCH_LENGTH = 512 * 1024;

type Registry = ReturnType<typeof registryStub>;

interface Parts {
  stateStore: TelemetryStateStore;
  state: TelemetryState;
  series: TrafficSeries;
  history: History;
  captures: CaptureStore;
  spool: Spool;
  shipper: Shipper;
}

/** A batch's events, parsed before anything is changed. */
interface ReadBatch {
  events: RequestEvent[];
  malformed: number;
  /** There may be destinations that this object does not know yet. */
  isUnsure: boolean;
  entry: SpoolEntry | null;
  change: HistoryChange | null;
}

/**
 * The results of one object's requests: metrics, the traffic of the last day, and the events that wait for the log destinations. It wakes by
 * itself only while there is something to send or to report.
 */
export class Telemetry extends DurableObject<Env> implements TelemetryCalls {
  #opened: Parts | null = null;
  /** With secrets, so only in memory. Null: not fetched since the memory was lost. */
  #list: ShippingList | null = null;
  /** The Registry did not answer, so it is not asked again before this time. */
  #registryDueMs = 0;
  /** True at first, because memory does not outlive sleep: it is not known whether everything was reported. */
  #isNews = true;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Stores a batch. A batch that comes again is ignored. */
  async take(batch: EventBatch): Promise<void> {
    if (this.#waiting >= MAX_WAITING) throw new Error("too many batches at once");
    this.#waiting++;
    try {
      await this.#inTurn(() => this.#take(batch));
    } finally {
      this.#waiting--;
    }
  }

  /** Steps with traffic that begin after `sinceMs`: of ten seconds for the last hour, of a minute for the last day. */
  traffic(sinceMs: number, stepSeconds: 10 | 60): TrafficStep[] {
    return this.#parts.series.steps(this.#parts.state.traffic, sinceMs, stepSeconds, Date.now());
  }

  /** Of the requests that are kept, those that match, the newest first. */
  requests(query: RequestQuery): Promise<RequestEvent[]> {
    return findRequests(this.#parts.history, query, Date.now());
  }

  async capture(entry: CaptureEntry): Promise<CaptureAnswer> {
    const answer = await this.#parts.captures.add(entry, Date.now());
    await this.#schedule(0);
    const { name } = this.ctx.id;
    if (answer === "full" && name !== undefined)
      this.ctx.waitUntil(this.#askRegistry((registry) => registry.captureFull(name, entry.captureId)));
    return answer;
  }

  captureCounts(): Map<string, number> {
    return this.#parts.captures.counts();
  }

  captured(captureId: string, limit: number, afterId: number): Promise<StoredCapture[]> {
    return this.#parts.captures.page(captureId, limit, afterId, Date.now());
  }

  capturedRequest(requestId: string): Promise<StoredCapture | null> {
    return this.#parts.captures.request(requestId, Date.now());
  }

  /** Deletes what is too old, for an object that gets no more batches. */
  async expire(): Promise<void> {
    await this.#inTurn(async () => this.#parts.history.expire(Date.now()));
  }

  async deleteCaptured(captureId: string | null): Promise<void> {
    if (captureId === null) this.#parts.captures.clear();
    else this.#parts.captures.delete(captureId, Date.now());
    await this.#schedule(0);
  }

  override async alarm(): Promise<void> {
    this.#parts.captures.expire(Date.now());
    await this.#askForDestinations();
    let isOver = false;
    const runs = this.#parts.shipper.ship(this.#list?.destinations ?? []).map(async (run) => {
      try {
        await run;
      } catch (thrown) {
        console.error({ event: "log_shipping_failed", error: String(thrown) });
      }
      this.#isNews = true;
      this.#planReport({ requests: 0, urgent: true });
      if (isOver) await this.#schedule(0);
    });
    await withTimeout(Promise.all(runs), ALARM_WAIT_MS, undefined);
    isOver = true;
    if (await this.#report()) await this.#schedule(0);
  }

  /** Batches are processed one after the other, because one may come twice at once, or while everything is deleted. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#lastTurn.then(act);
    this.#lastTurn = done.catch(() => {});
    return done;
  }

  get #parts(): Parts {
    return (this.#opened ??= this.#open());
  }

  #open(): Parts {
    const { sql } = this.ctx.storage;
    const stateStore = new TelemetryStateStore(sql);
    const state = stateStore.load(Date.now());
    const spool = new Spool(sql, maxSpoolBytes(this.env));
    const shipper = new Shipper({
      sql,
      spool,
      keptFromId: () => state.newFromId,
      nowMs: () => Date.now(),
      random: () => Math.random(),
      send: async (destination, events, known) => {
        const answer = await sendEvents(destination, events, known);
        const outcome = outcomeOf(destination, answer, events.length, Date.now());
        return { outcome, encoding: answer.status === null ? null : answer.encoding };
      },
    });
    return {
      stateStore,
      state,
      series: new TrafficSeries(sql),
      history: new History(sql, historyLimits(this.env)),
      captures: new CaptureStore(sql),
      spool,
      shipper,
    };
  }

  async #take(given: EventBatch): Promise<void> {
    if (isTaken(this.#parts.state, given.sender, given.sequence)) return;
    const fits = given.lines.length <= MAX_BATCH_LENGTH;
    const batch = fits ? given : { ...given, lines: "", lost: given.lost + given.count };
    const read = await this.#read(batch);
    try {
      this.ctx.storage.transactionSync(() => this.#store(batch, read, Date.now()));
    } catch (thrown) {
      this.#opened = null;
      throw thrown;
    }
    this.#isNews = true;
    await this.#schedule(GATHER_MS);
  }

  async #read({ lines, destinationsRevision }: EventBatch): Promise<ReadBatch> {
    const given = lines === "" ? [] : lines.split("\n");
    const events: RequestEvent[] = [];
    const kept: string[] = [];
    for (const line of given) {
      const event = parseEvent(line);
      if (event === null) continue;
      events.push(event);
      kept.push(line);
    }
    const isUnsure = this.#isUnsure(destinationsRevision);
    const mustSpool = kept.length > 0 && (isUnsure || this.#parts.state.revision !== 0);
    const entry = mustSpool ? await spoolEntry(kept, events.filter(isFailure).length) : null;
    const change = await this.#parts.history.prepare(
      events.map((event, index) => historyLine(event, kept[index] ?? "")),
      Date.now(),
    );
    return { events, malformed: given.length - kept.length, isUnsure, entry, change };
  }

  #store(batch: EventBatch, { events, malformed, isUnsure, entry, change }: ReadBatch, nowMs: number): void {
    const { state, stateStore, series, history, spool, shipper } = this.#parts;
    const traffic = series.current(state.traffic, nowMs);
    for (const event of events) {
      countRequest(state.metrics, event);
      addRequest(traffic, event);
    }
    state.metrics.malformed += malformed;
    state.metrics.lost += batch.lost;
    const urgent = batch.lost > 0 || malformed > 0 || events.some(isFailure) || tellsOfOthers(batch, state);
    this.#planReport({ requests: events.length, urgent });
    if (batch.connectors !== null) state.connectors = batch.connectors;
    if (batch.presence !== undefined) state.presence = batch.presence;
    markTaken(state, batch.sender, batch.sequence);
    if (isUnsure) state.newFromId ??= spool.lastId + 1;
    if (entry !== null) shipper.dropped(spool.append(entry));
    if (change !== null) history.apply(change);
    stateStore.save(state);
  }

  #isUnsure(named: number | null): boolean {
    const { revision, revisionAtMs } = this.#parts.state;
    // A lower revision comes from a sender that does not know the last change. But 0 may be the last change.
    if (named !== null && named !== 0) return named > revision;
    return (named === null || revision !== 0) && Date.now() - revisionAtMs > LIST_AGE_MS;
  }

  /** Fetches the list of destinations if it is missing or may have changed. */
  async #askForDestinations(): Promise<void> {
    const { state, shipper } = this.#parts;
    const isWanted =
      state.newFromId !== null ||
      (this.#list === null && shipper.nextDueMs() !== null) ||
      (shipper.hasFailed && Date.now() - state.revisionAtMs > LIST_AGE_MS);
    if (!isWanted) return;
    const list = await this.#askRegistry((registry) => registry.shippingList());
    if (list !== null) this.ctx.storage.transactionSync(() => this.#useList(list));
  }

  #useList(list: ShippingList): void {
    const { state, stateStore, shipper, spool } = this.#parts;
    const newFromId = state.newFromId ?? spool.lastId + 1;
    state.newFromId = null;
    if (list.revision !== state.revision) shipper.reconcile(list.destinations, newFromId);
    if (list.destinations.length === 0) spool.clear();
    state.revision = list.revision;
    state.revisionAtMs = Date.now();
    stateStore.save(state);
    this.#list = list;
  }

  /** False: nothing is left of this object. */
  async #report(): Promise<boolean> {
    const { name } = this.ctx.id;
    if (name === undefined || !this.#isNews || this.#reportDueMs() > Date.now()) return true;
    const { state, shipper } = this.#parts;
    this.#isNews = false;
    state.reportPlan = { toldAtMs: Date.now(), dueMs: null, untold: 0 };
    const report = {
      ...{ metrics: state.metrics, connectors: state.connectors, deliveries: shipper.reports() },
      presence: state.presence ?? null,
    };
    const known = await this.#askRegistry((registry) => registry.telemetryReport(name, report));
    if (known === null) this.#isNews = true;
    return known === false ? this.#inTurn(() => this.#forget()) : true;
  }

  /** Deletes everything about a deleted tunnel, unless something is still unsent or unreported. True: it was not deleted. */
  async #forget(): Promise<boolean> {
    const { shipper } = this.#parts;
    if (this.#isNews || shipper.nextDueMs() !== null || shipper.isRunning) return true;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#opened = null;
    return false;
  }

  #planReport(news: { requests: number; urgent: boolean }): void {
    const { state } = this.#parts;
    const plan = state.reportPlan ?? noReportPlan();
    state.reportPlan = planReport(plan, news, Date.now(), reportEveryMs(this.env));
  }

  #reportDueMs(): number {
    return Math.max(this.#parts.state.reportPlan?.dueMs ?? 0, this.#registryDueMs);
  }

  /** Null: the Registry does not answer, and is not asked again for a while. */
  async #askRegistry<T>(ask: (registry: Registry) => Promise<T>): Promise<T | null> {
    if (Date.now() < this.#registryDueMs) return null;
    try {
      const answer = await withTimeout(ask(registryStub(this.env)), REGISTRY_TIMEOUT_MS, null);
      if (answer !== null) return answer;
    } catch (thrown) {
      console.warn({ event: "registry_failed", error: String(thrown) });
    }
    this.#registryDueMs = Date.now() + REGISTRY_RETRY_MS;
    return null;
  }

  /** Sets the alarm for the next work, at the earliest `waitMs` from now. No alarm if there is nothing to do. */
  async #schedule(waitMs: number): Promise<void> {
    const { state, shipper, captures } = this.#parts;
    const times: number[] = [];
    const shipMs = shipper.nextDueMs();
    if (shipMs !== null) times.push(this.#list === null ? Math.max(shipMs, this.#registryDueMs) : shipMs);
    if (state.newFromId !== null) times.push(this.#registryDueMs);
    if (this.#isNews) times.push(this.#reportDueMs());
    if (shipper.isRunning) times.push(Date.now() + GUARD_MS);
    // Captured requests that are too old are not shown. One alarm deletes them when all of them are too old.
    const expiredMs = captures.allExpiredMs();
    if (expiredMs !== null) times.push(expiredMs);
    if (times.length === 0) return;
    const atMs = Math.max(Date.now() + waitMs, Math.min(...times));
    const setMs = await this.ctx.storage.getAlarm();
    if (setMs === null || atMs < setMs) await this.ctx.storage.setAlarm(atMs);
  }
}

/** Whether the batch reports other connectors, or another state of theirs, than this object knows. */
function tellsOfOthers({ connectors, presence }: EventBatch, state: TelemetryState): boolean {
  return (
    (connectors !== null && connectors !== state.connectors) ||
    (presence !== undefined && JSON.stringify(presence) !== JSON.stringify(state.presence))
  );
}
