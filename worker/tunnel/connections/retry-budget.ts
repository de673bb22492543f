/** Retries may add a fifth to the load, not multiply it when everything fails. */
const PER_REQUEST = 0.2;
/** A tunnel with few requests may still move some. */
const MIN_SAVED = 20;

/** Limits how many requests are sent a second time. */
export class RetryBudget {
  #saved = MIN_SAVED;
  #underWay = 0;

  /** Call the returned function once, when the response head is here or the request has failed. */
  requestBegan(): () => void {
    this.#underWay++;
    // Losing a connector loses at most what is under way on it, so the budget never needs more than that.
    const mayBeSaved = Math.max(MIN_SAVED, this.#underWay);
    if (this.#saved < mayBeSaved) this.#saved = Math.min(mayBeSaved, this.#saved + PER_REQUEST);
    return () => {
      this.#underWay--;
    };
  }

  /** False: no retry may be made now. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
