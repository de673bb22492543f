/** Retries may add a fifth to the load, not multiply it when everything fails. */
const PER_REQUEST = 0.2;
/** A tunnel with few requests may still move some. */
const MAX_SAVED = 20;

/** How many requests may be sent a second time? */
export class RetryBudget {
  #saved = MAX_SAVED;

  requestBegan(): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + PER_REQUEST);
  }

  /** False: no retry may be made now. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
