import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Never meant to be logged; should one slip into an object all the same, it is masked. */
const SECRET_KEYS = [
  "token",
  "authorization",
  "secret",
  "cookie",
  "*.token",
  "*.authorization",
  "*.secret",
  "*.cookie",
];

const BATCH_BYTES = 8 * 1024;
const BATCH_MS = 100;
/** When nobody reads what is written, lines beyond this are lost: better than the process. */
const MAX_WAITING_BYTES = 1024 * 1024;

const COLOURS: Record<string, string> = { debug: "90", info: "32", warn: "33", error: "31", fatal: "31" };
/** Shown elsewhere in the line, or always the same. */
const NOT_REPEATED = new Set(["level", "time", "msg", "pid", "hostname"]);

/** To standard output: one JSON object a line; on a terminal, a line for people. */
export function createLog(level: LogLevel): Logger {
  const colours = process.env["NO_COLOR"] === undefined;
  const destination: DestinationStream = process.stdout.isTTY
    ? { write: (line) => void process.stdout.write(readable(line, colours)) }
    : inBatches();
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_KEYS, censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** A write for each line would be a fifth of what a small request costs here. What waits is written at exit, too. */
function inBatches(): DestinationStream {
  const destination = pino.destination({
    dest: 1,
    sync: false,
    minLength: BATCH_BYTES,
    maxLength: MAX_WAITING_BYTES,
  });
  setInterval(() => destination.flush(), BATCH_MS).unref();
  return destination;
}

/** `19:04:11 info  connected relay=https://… index=0` */
export function readable(line: string, colours: boolean): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const level = String(entry["level"]);
  const label = level.padEnd(5);
  const time = String(entry["time"]).slice(11, 19);
  const details = Object.entries(entry)
    .filter(([key, value]) => !NOT_REPEATED.has(key) && value !== null)
    .map(([key, value]) => `${key}=${typeof value === "string" ? printable(value) : JSON.stringify(value)}`);
  const painted = colours ? `\u001b[${COLOURS[level] ?? "0"}m${label}\u001b[0m` : label;
  const message = typeof entry["msg"] === "string" ? printable(entry["msg"]) : "";
  return `${[time, painted, message, ...details].join(" ")}\n`;
}

/** Paths and reasons come from afar: a terminal must not obey what they hold. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
