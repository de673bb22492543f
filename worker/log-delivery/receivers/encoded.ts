import type { RequestEvent } from "../../../shared/events/request-event.ts";

/** The parts of a request that depend on the kind of receiver. */
export interface Encoded {
  contentType: string;
  headers: Record<string, string>;
  body: string;
}

export type Severity = "info" | "warning" | "error";

/** Failures of the tunnel and answers of 5xx are errors; what was refused or given up is a warning. */
export function severityOf({ outcome, status }: RequestEvent): Severity {
  if (outcome === "failed" || outcome === "aborted" || status >= 500) return "error";
  return outcome === "refused" || outcome === "cancelled" ? "warning" : "info";
}

/** One line for people. */
export function summaryOf({ method, service, path, status, code }: RequestEvent): string {
  return `${method} ${service}${path} ${status}${code === null ? "" : ` ${code}`}`;
}
