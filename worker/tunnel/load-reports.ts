import type { Clock } from "../../shared/time/clock.ts";
import { Backoff } from "../../shared/time/backoff.ts";
import type { ObjectLoad } from "../registry/scaling/scaling.ts";

/** The shortest time between reports without distress. The Registry decides by two consecutive reports. */
const REPORT_EVERY_MS = 15_000;
/** An object in distress reports at once, and then once a second. */
const DISTRESS_EVERY_MS = 1_000;
/** A report that arrived so recently is not repeated, because each edit of a list asks every object for one. */
const STILL_KNOWN_MS = 10_000;
/** Below this there is nothing to decide for a tunnel of one object, and a report would wake the Registry for nothing. */
const QUIET_REQUESTS_PER_SECOND = 20;

export interface LoadReportsOptions {
  clock: Clock;
  random: () => number;
  /** The object's current state. */
  measure: () => Omit<ObjectLoad, "atMs" | "bytesPerSecond" | "overloaded">;
  /** The tunnel has other objects, or this one does not serve: then every report counts. */
  isWatched: () => boolean;
  /** Gateways use its siblings, and it only finishes its requests. */
  isLeaving: () => boolean;
  /** Rejects if the report did not arrive. */
  send: (load: ObjectLoad) => Promise<void>;
}

/**
 * Decides when an object reports its load to the Registry. Requests and connectors cause reports, and no timer does, so that the object
 * can sleep. Only a report about its connectors that did not arrive is repeated by itself, because an object that is not used yet has
 * no other occasion to report that it is ready.
 */
export class LoadReports {
  readonly #options: LoadReportsOptions;
  #sentAtMs = -Infinity;
  #bytes = 0;
  #overloaded = false;
  /** What the last report that arrived said about connectors and leaving. */
  #heard = { said: "", atMs: -Infinity };
  /** Set while a report about connectors has to arrive: it is repeated until it does. */
  #backoff: Backoff | null = null;
  /** Cancels the next repetition. */
  #cancelRetry: (() => void) | null = null;

  constructor(options: LoadReportsOptions) {
    this.#options = options;
  }

  /** A request has ended. `bytes` is the size of both its bodies. */
  finished(bytes: number): void {
    this.#bytes += bytes;
    this.#sendIfDue(REPORT_EVERY_MS);
  }

  /** A request went to a sibling. */
  handedOn(): void {
    this.#sendIfDue(REPORT_EVERY_MS);
  }

  /** A request was refused for want of room. */
  overloaded(): void {
    this.#overloaded = true;
    this.#sendIfDue(DISTRESS_EVERY_MS);
  }

  /** A connector has come or gone, or the list has changed. */
  connectorsChanged(): void {
    if (!this.#options.isWatched()) return;
    const { said, atMs } = this.#heard;
    const isKnown = this.#options.clock.nowMs() - atMs < STILL_KNOWN_MS;
    if (isKnown && said === standing(this.#options.measure())) return;
    this.#backoff ??= new Backoff(this.#options.random);
    this.#send();
  }

  #sendIfDue(everyMs: number): void {
    // The last request of a leaving object is over, so it need not wait for the end of its drain time.
    if (this.#options.isLeaving() && this.#options.measure().openStreams === 0) return this.#send();
    if (this.#options.clock.nowMs() - this.#sentAtMs < everyMs) return;
    const { requestsPerSecond, isOutdated = false } = this.#options.measure();
    const isBusy = requestsPerSecond >= QUIET_REQUESTS_PER_SECOND;
    const says = this.#overloaded || isOutdated || isBusy || this.#options.isWatched();
    if (says) this.#send();
  }

  #send(): void {
    const atMs = this.#options.clock.nowMs();
    const seconds = Math.max(1, (atMs - this.#sentAtMs) / 1_000);
    const bytesPerSecond = Number.isFinite(this.#sentAtMs) ? this.#bytes / seconds : 0;
    const load = { ...this.#options.measure(), atMs, bytesPerSecond, overloaded: this.#overloaded };
    this.#sentAtMs = atMs;
    this.#bytes = 0;
    this.#overloaded = false;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#options.send(load).then(
      () => {
        if (this.#sentAtMs === atMs) this.#backoff = null;
        this.#heard = { said: standing(load), atMs };
      },
      () => this.#retry(),
    );
  }

  #retry(): void {
    if (this.#backoff === null || this.#cancelRetry !== null) return;
    const delayMs = this.#backoff.delayAfterLossMs(0);
    this.#cancelRetry = this.#options.clock.after(delayMs, () => {
      this.#cancelRetry = null;
      this.#send();
    });
  }
}

function standing({ connectors, isLeaving }: Pick<ObjectLoad, "connectors" | "isLeaving">): string {
  return `${connectors} ${isLeaving === true}`;
}
