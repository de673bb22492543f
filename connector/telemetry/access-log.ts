import type { TunnelError } from "../../shared/protocol/index.ts";
import type { Logger } from "../platform/index.ts";
import type { RequestSummary } from "./request-summary.ts";

/**
 * One line per request. `share` applies to successful requests. All failures are logged, as warnings, unless the log is off. Refusals by the
 * allowlist are logged even then, because somebody has to change a setting.
 */
export class AccessLog {
  readonly #log: Logger;
  readonly #share: () => number;
  readonly #random: () => number;

  constructor(log: Logger, share: () => number, random: () => number) {
    // Masking is off: a summary has no keys that need it, and searching for them costs more than writing the line.
    this.#log = log.child({}, { redact: [] });
    this.#share = share;
    this.#random = random;
  }

  write(summary: RequestSummary, error: TunnelError | null): void {
    if (error?.code === "UPSTREAM_NOT_ALLOWED") {
      return this.#log.warn({ ...summary, reason: error.message }, "request");
    }
    const share = this.#share();
    if (share === 0) return;
    if (error !== null) {
      // A caller that went away is not a failure of the tunnel or the upstream.
      const level = error.code === "CANCEL" ? "info" : "warn";
      return this.#log[level]({ ...summary, reason: error.message }, "request");
    }
    const failed = summary.status !== null && summary.status >= 500;
    if (failed || this.#random() < share) this.#log.info(summary, "request");
  }
}
