import type { RequestEvent } from "../shared/events/request-event.ts";

/** Text variables of the Worker (`[vars]` in wrangler.toml). */
export interface LogVariables {
  /** "on" (default) or "off": whether events are written to the console as well. */
  LOG_CONSOLE?: string;
  /** "drop" (default) or "keep": whether a path is logged with its query. */
  LOG_QUERY?: string;
  /** Fields whose values are not logged, separated by commas; "" (default) for none. */
  LOG_REDACT?: string;
  /** How much of the events may wait for log destinations, compressed, in bytes for each tunnel (64 MiB). */
  LOG_SPOOL_BYTES?: string;
  /** How many of a tunnel's last requests can be searched for (20,000 for each of its objects); 0: none are kept. */
  HISTORY_EVENTS?: string;
  /** The shortest time between two reports of a tunnel for `/v1/metrics`, in seconds (15). Each report is a billed call. */
  METRICS_INTERVAL_SECONDS?: string;
  /** How long something has to be wrong, or over, before an alert says so, in percent of the usual times (100). */
  ALERT_PATIENCE_PERCENT?: string;
}

const REDACTABLE = ["path", "service", "project", "environment", "connector", "detail"] as const;
type Redactable = (typeof REDACTABLE)[number];
const REDACTED = "[redacted]";

export interface LogSettings {
  console: boolean;
  keepQuery: boolean;
  redacted: readonly Redactable[];
}

const known = new WeakMap<LogVariables, LogSettings>();

/** A value that is not valid counts as the most discreet one, and is reported on the console. */
export function logSettings(variables: LogVariables): LogSettings {
  const kept = known.get(variables) ?? readSettings(variables);
  known.set(variables, kept);
  return kept;
}

function readSettings(variables: LogVariables): LogSettings {
  const named = (variables.LOG_REDACT ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const unknown = named.filter((name) => !isRedactable(name));
  if (unknown.length > 0) {
    const message = `LOG_REDACT accepts ${REDACTABLE.join(", ")}, not ${unknown.join(", ")}: all of them are redacted.`;
    console.error({ event: "log_settings", message });
  }
  return {
    console: variables.LOG_CONSOLE !== "off",
    keepQuery: variables.LOG_QUERY === "keep",
    redacted: unknown.length > 0 ? REDACTABLE : named.filter(isRedactable),
  };
}

/** How much of the last requests an object keeps. */
export interface HistoryLimits {
  /** 0: there is no history. */
  maxEvents: number;
  maxBytes: number;
}

const DEFAULT_SPOOL_BYTES = 64 * 1024 * 1024;
const DEFAULT_INTERVAL_SECONDS = 15;
const DEFAULT_HISTORY_EVENTS = 20_000;
/** Bytes of a compressed event: about eighty, or a thousand if its path is long and unique. */
const HISTORY_BYTES_PER_EVENT = 400;

export function maxSpoolBytes({ LOG_SPOOL_BYTES = "" }: LogVariables): number {
  return positive(LOG_SPOOL_BYTES) ?? DEFAULT_SPOOL_BYTES;
}

export function historyLimits({ HISTORY_EVENTS = "" }: LogVariables): HistoryLimits {
  const maxEvents = HISTORY_EVENTS === "0" ? 0 : (positive(HISTORY_EVENTS) ?? DEFAULT_HISTORY_EVENTS);
  return { maxEvents, maxBytes: maxEvents * HISTORY_BYTES_PER_EVENT };
}

export function reportEveryMs({ METRICS_INTERVAL_SECONDS = "" }: LogVariables): number {
  return 1000 * (positive(METRICS_INTERVAL_SECONDS) ?? DEFAULT_INTERVAL_SECONDS);
}

export function alertPatiencePercent({ ALERT_PATIENCE_PERCENT = "" }: LogVariables): number {
  return positive(ALERT_PATIENCE_PERCENT) ?? 100;
}

function positive(text: string): number | null {
  return /^[1-9][0-9]{0,11}$/.test(text) ? Number(text) : null;
}

export function redact(event: RequestEvent, { redacted }: LogSettings): RequestEvent {
  if (redacted.length === 0) return event;
  const shown = { ...event };
  for (const name of redacted) if ((shown[name] ?? "") !== "") shown[name] = REDACTED;
  if (redacted.includes("connector") && shown.connectorName !== undefined) shown.connectorName = REDACTED;
  // It may name any of them.
  if (shown.detail !== undefined) shown.detail = REDACTED;
  return shown;
}

function isRedactable(name: string): name is Redactable {
  return (REDACTABLE as readonly string[]).includes(name);
}
