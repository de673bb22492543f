/** The result of one check. It never contains a secret, because it is shown and sent to support. */
export interface Finding {
  /** What was examined: `token`, `tls`, `service payments-api`. */
  check: string;
  verdict: "PASS" | "FAIL" | "SKIP";
  /** What was seen; for SKIP, why nothing was. */
  detail: string;
  /** What to do about it; null when there is nothing to do. */
  remedy: string | null;
}

export function pass(check: string, detail: string, remedy: string | null = null): Finding {
  return { check, verdict: "PASS", detail, remedy };
}

export function fail(check: string, detail: string, remedy: string): Finding {
  return { check, verdict: "FAIL", detail, remedy };
}

export function skip(check: string, detail: string): Finding {
  return { check, verdict: "SKIP", detail, remedy: null };
}
