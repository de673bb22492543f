import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import { terminalJson, terminalText } from "../../shared/terminal/terminal-text.ts";
import { LogSink, standardOutput } from "./log-sink.ts";

export type { Logger } from "pino";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Keys that should never be logged. If one gets into an object anyway, its value is masked. */
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

const COLOURS: Record<string, string> = { debug: "90", info: "32", warn: "33", error: "31", fatal: "31" };
/** Keys that are shown elsewhere in the line, or are always the same. */
const NOT_REPEATED = new Set(["level", "time", "msg", "pid", "hostname"]);

export interface Log {
  log: Logger;
  /** Where its lines go, and how many were lost on the way. */
  sink: LogSink;
}

/** To standard output: one JSON object a line; on a terminal, a line for people. `onLine` gets each as JSON. */
export function createLog(level: LogLevel, onLine: (line: string) => void = () => {}): Log {
  const sink = new LogSink(standardOutput());
  process.on("exit", () => sink.flushAtExit());
  const colours = coloursWanted(process.env);
  const onTerminal = isatty(1);
  const destination = {
    write(line: string) {
      onLine(line);
      sink.write(onTerminal ? readable(line, colours) : line);
    },
  };
  const log = pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      redact: { paths: SECRET_KEYS, censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return { log, sink };
}

let timeMs = 0;
let timeText = "";

/** As pino's own. Lines are often written several in a millisecond, and the text took a fifth of a line's time. */
function isoTime(): string {
  const nowMs = Date.now();
  if (nowMs !== timeMs || timeText === "") {
    timeMs = nowMs;
    timeText = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return timeText;
}

/** NO_COLOR counts if it is not empty (no-color.org). A dumb terminal has no colours. */
export function coloursWanted(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** `19:04:11 info  connected relay=https://… index=0` */
export function readable(line: string, colours: boolean): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const level = String(entry["level"]);
  const label = level.padEnd(5);
  const time = String(entry["time"]).slice(11, 19);
  const details = Object.entries(entry)
    .filter(([key, value]) => !NOT_REPEATED.has(key) && value !== null)
    .map(([key, value]) => `${key}=${typeof value === "string" ? terminalText(value) : terminalJson(value)}`);
  const painted = colours ? `\u001b[${COLOURS[level] ?? "0"}m${label}\u001b[0m` : label;
  const message = typeof entry["msg"] === "string" ? terminalText(entry["msg"]) : "";
  return `${[time, painted, message, ...details].join(" ")}\n`;
}
