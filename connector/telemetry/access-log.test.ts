import { pino } from "pino";
import { expect, it } from "vitest";
import type { ErrorCode } from "../../shared/protocol/error-code.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { AccessLog } from "./access-log.ts";

const SUMMARY = {
  kind: "http",
  requestId: "r",
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  project: "p",
  environment: "production",
  service: "orders",
  method: "GET",
  path: "/v1",
  status: 200,
  code: null,
  requestBytes: 0,
  responseBytes: 2,
  waitMs: 1,
  durationMs: 2,
} as const;

/** How many lines of what level a hundred requests make, with random numbers spread evenly. */
function levels(share: number, status: number, code: ErrorCode | null): string[] {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => void lines.push(line) });
  let drawn = 0;
  const subject = new AccessLog(
    log,
    () => share,
    () => (drawn++ % 100) / 100,
  );
  const error = code === null ? null : new TunnelError(code, "because");
  for (let i = 0; i < 100; i++) subject.write({ ...SUMMARY, status, code }, error);
  return lines.map((line) => pino.levels.labels[(JSON.parse(line) as { level: number }).level] ?? "");
}

it.each<[share: number, status: number, code: ErrorCode | null, lines: number]>([
  [1, 200, null, 100],
  [0.05, 200, null, 5],
  [0.05, 500, null, 100],
  [0.05, 200, "BODY_ABORTED", 100],
  [0, 200, null, 0],
  [0, 500, null, 0],
  [0, 200, "BODY_ABORTED", 0],
])("of a share of %f, with status %i and code %s, tells %i in a hundred", (share, status, code, lines) => {
  expect(levels(share, status, code)).toEqual(
    Array.from({ length: lines }, () => (code === null ? "info" : "warn")),
  );
});

it("logs what the allowlist refused even when it is off", () => {
  expect(levels(0, 0, "UPSTREAM_NOT_ALLOWED")).toEqual(Array.from({ length: 100 }, () => "warn"));
});
