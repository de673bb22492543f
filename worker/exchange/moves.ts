import { IDEMPOTENT_METHODS, SAFE_METHODS } from "../../shared/http/index.ts";
import type { TunnelError } from "../../shared/protocol/index.ts";
import { publicCodeOf } from "../failures/problem.ts";
import type { RetryBudget } from "../tunnel/connections/retry-budget.ts";

/** After this time only one move is made. A gateway whose attempts time out has then waited long enough. */
const MOVES_WITHIN_MS = 15_000;

const NONE: ReadonlySet<string> = new Set();

export interface MovesOptions {
  method: string;
  /** The service's `retry` setting. Absent: only safe requests move after the loss of a connector. */
  retry: boolean | undefined;
  budget: RetryBudget;
  nowMs: () => number;
}

/**
 * Whether a request whose attempt failed may be sent to another connector. If it certainly was not processed: as often as there are
 * connectors. If it may have been processed, but doing it twice does no harm: once. All moves count against the tunnel's budget.
 */
export class Moves {
  readonly #repeatable: boolean;
  readonly #budget: RetryBudget;
  readonly #nowMs: () => number;
  readonly #startedAtMs: number;
  #count = 0;
  #repeated = false;

  constructor({ method, retry, budget, nowMs }: MovesOptions) {
    this.#repeatable = repeatableMethods(retry).has(method);
    this.#budget = budget;
    this.#nowMs = nowMs;
    this.#startedAtMs = nowMs();
  }

  /** True counts as one. */
  take(failure: TunnelError): boolean {
    const late = this.#count > 0 && this.#nowMs() - this.#startedAtMs >= MOVES_WITHIN_MS;
    const lost = publicCodeOf(failure) === "CONNECTOR_LOST" && failure.code !== "TUNNEL_DELETED";
    const repeats = !failure.notProcessed;
    if (late || (repeats && (!lost || !this.#repeatable || this.#repeated))) return false;
    if (!this.#budget.spend()) return false;
    this.#count++;
    this.#repeated ||= repeats;
    return true;
  }
}

function repeatableMethods(retry: boolean | undefined): ReadonlySet<string> {
  if (retry === undefined) return SAFE_METHODS;
  return retry ? IDEMPOTENT_METHODS : NONE;
}
