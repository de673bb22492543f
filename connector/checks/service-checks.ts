import type { Clock } from "../../shared/time/clock.ts";
import {
  MAX_CHECKS,
  type CheckListText,
  type CheckOutcome,
  type HealthReport,
  healthReport,
  isFailing,
  connectionError,
} from "../../shared/protocol/index.ts";
import { parseServiceChecks, type ServiceCheck } from "../../shared/services/index.ts";
import { type CheckState, nextCheckState, UNCHECKED } from "./check-state.ts";
import type { Logger } from "../platform/index.ts";

export interface CheckResult {
  outcome: CheckOutcome;
  /** For people; null when it passed. */
  reason: string | null;
}

/** Checks a service's upstream once. `done` is called once, and never after a call of the returned function. */
export type RunCheck = (check: ServiceCheck, done: (result: CheckResult) => void) => () => void;

/** First checks are spread over this time, so that a long list is not a burst. */
const FIRST_WITHIN_MS = 1_000;
/** Intervals are shortened by up to this share, so that checks begun together drift apart. */
const JITTER = 0.1;
/** A report is a message that may wake the relay's object: changes within this travel together. */
const REPORT_INTERVAL_MS = 1_000;

export interface ServiceChecksOptions {
  run: RunCheck;
  clock: Clock;
  /** Numbers from 0 to below 1, for jitter. */
  random: () => number;
  log: Logger;
  /** The report has changed, or the relay may not have it. */
  onReport(report: HealthReport): void;
}

/** Checks the upstreams that the relay names, again and again, and reports the outcomes. */
export class ServiceChecks {
  readonly #options: ServiceChecksOptions;
  #revision: string | null = null;
  /** In the relay's order; null for what this version cannot check. */
  #running: readonly (RunningCheck | null)[] = [];
  #reportedAtMs = -Infinity;
  #cancelReport: (() => void) | null = null;

  constructor(options: ServiceChecksOptions) {
    this.#options = options;
  }

  /** By service, in the relay's order. */
  get states(): readonly { service: string; outcome: CheckOutcome }[] {
    const known = this.#running.filter((running) => running !== null);
    return known.map(({ check, state }) => ({ service: check.service, outcome: state.outcome }));
  }

  /** A list replaces the one before. Checks that are in both continue. Throws a connection error. */
  apply({ revision, json }: CheckListText): void {
    const checks = parseServiceChecks(json, MAX_CHECKS);
    if (checks === null) throw connectionError("PROTOCOL_ERROR", "a list of checks that cannot be read");
    if (revision !== this.#revision) this.#replace(revision, checks);
    this.#scheduleReport();
  }

  stop(): void {
    this.#cancelReport?.();
    for (const running of this.#running) running?.stop();
  }

  #replace(revision: string, checks: readonly (ServiceCheck | null)[]): void {
    const known = this.#running.filter((running) => running !== null);
    const before = new Map(known.map((running) => [running.key, running]));
    this.#running = checks.map((check) => {
      if (check === null) return null;
      const kept = before.get(keyOf(check));
      before.delete(keyOf(check));
      return kept ?? new RunningCheck(check, this.#options, () => this.#scheduleReport());
    });
    for (const gone of before.values()) gone.stop();
    this.#revision = revision;
    const unknown = checks.filter((check) => check === null).length;
    if (unknown > 0)
      this.#options.log.warn({ unknown }, "the relay asks for checks that this version does not know");
  }

  #scheduleReport(): void {
    const { clock } = this.#options;
    const delayMs = Math.max(0, this.#reportedAtMs + REPORT_INTERVAL_MS - clock.nowMs());
    this.#cancelReport ??= clock.after(delayMs, () => {
      this.#cancelReport = null;
      this.#reportedAtMs = clock.nowMs();
      this.#report();
    });
  }

  #report(): void {
    if (this.#revision === null) return;
    const outcomes = this.#running.map((running) => running?.state.outcome ?? "PENDING");
    this.#options.onReport(healthReport(this.#revision, outcomes));
  }
}

class RunningCheck {
  readonly check: ServiceCheck;
  readonly key: string;
  state: CheckState = UNCHECKED;
  readonly #options: ServiceChecksOptions;
  readonly #onChanged: () => void;
  #cancel: () => void;

  constructor(check: ServiceCheck, options: ServiceChecksOptions, onChanged: () => void) {
    this.check = check;
    this.key = keyOf(check);
    this.#options = options;
    this.#onChanged = onChanged;
    this.#cancel = options.clock.after(options.random() * FIRST_WITHIN_MS, () => this.#run());
  }

  stop(): void {
    this.#cancel();
  }

  #run(): void {
    const { clock, random, run } = this.#options;
    this.#cancel = run(this.check, (result) => {
      const intervalMs = this.check.intervalSeconds * 1_000 * (1 - JITTER * random());
      this.#cancel = clock.after(intervalMs, () => this.#run());
      this.#take(result);
    });
  }

  #take({ outcome, reason }: CheckResult): void {
    const before = this.state.outcome;
    this.state = nextCheckState(this.state, outcome, this.check);
    if (this.state.outcome === before) return;
    const { service, target } = this.check;
    const failing = isFailing(this.state.outcome);
    if (failing) {
      const code = this.state.outcome;
      this.#options.log.warn({ service, target, code, reason }, "the check of a service fails");
    } else {
      this.#options.log.info({ service, target }, "the check of a service passes");
    }
    this.#onChanged();
  }
}

function keyOf(check: ServiceCheck): string {
  return JSON.stringify(check);
}
