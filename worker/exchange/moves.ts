import { IDEMPOTENT_METHODS, SAFE_METHODS } from "../../shared/http/index.ts";
import type { TunnelError } from "../../shared/protocol/index.ts";
import { publicCodeOf } from "../failures/problem.ts";
import type { RetryBudget } from "../tunnel/connections/retry-budget.ts";

/** One move is always worth it; for further ones a gateway that waits for timeouts has waited long enough after this. */
const MOVES_WITHIN_MS = 15_000;

const NONE: ReadonlySet<string> = new Set();

export interface MovesOptions {
  method: string;
  /** The service's own word on what was lost with a connector; absent: what is safe. */
  retry: boolean | undefined;
  budget: RetryBudget;
  nowMs: () => number;
}

/**
 * May a request whose attempt failed be sent to another connector? As often as there are connectors while it surely was
 * not processed; once where it may have been, and doing it twice does no harm. All within the tunnel's budget.
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
