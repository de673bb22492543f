import { CONNECTIONS, WINDOWS } from "./connections.ts";
import { CONTROL_PLANE } from "./control-plane.ts";
import { ANSWERS, REQUESTS, WEBSOCKETS } from "./exchanges.ts";
import { LIMITS, type Section } from "./limit.ts";
import { TELEMETRY } from "./telemetry.ts";
import { WAITING } from "./waiting.ts";

/**
 * The limits that nobody can set, in the order of docs/limits.md. The files name constants; `limits-page.ts` reads
 * their values from the code. Each constant of `shared/protocol/limits.ts` is in exactly one section or in `ELSEWHERE`:
 * a test checks this.
 */
export const FIXED_LIMITS: readonly Section[] = [
  REQUESTS,
  ANSWERS,
  WEBSOCKETS,
  WAITING,
  CONNECTIONS,
  WINDOWS,
  CONTROL_PLANE,
  TELEMETRY,
];

/** Constants of `shared/protocol/limits.ts` that are the defaults of settings, or limit nothing. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  "DEFAULT_MAX_STREAMS",
  "DEFAULT_CONNECT_TIMEOUT_MS",
  "DEFAULT_RESPONSE_TIMEOUT_MS",
  "DEFAULT_STALL_TIMEOUT_MS",
  "DEFAULT_TCP_IDLE_TIMEOUT_MS",
  "MAX_IDLE_TIMEOUT_MS",
  "MAX_CONNECT_TIMEOUT_MS",
  "MAX_RESPONSE_TIMEOUT_MS",
  "MAX_STALL_TIMEOUT_MS",
  "MAX_OFFSET",
  "MAX_STREAM_ID",
  "CLOSE_PROTOCOL_ERROR",
  "CLOSE_REVOKED",
  "CLOSE_SERVICE_RESTART",
  "CLOSE_NO_LONGER_ALLOWED",
  "CLOSE_HELLO_TIMEOUT",
  "CLOSE_REPLACED",
  "CLOSE_GOING_AWAY",
]);

export { LIMITS, type Section };
