/** Retries may add a fifth to the load, not multiply it when everything fails. */
const PER_REQUEST = 0.2;
/** A tunnel with few requests may still move some. */
const MIN_SAVED = 20;

/** How many requests may be sent a second time? */
export class RetryBudget {
  #saved = MIN_SAVED;
  #underWay = 0;

  /** The function returned says that it got its head, or none; once. */
  requestBegan(): () => void {
    this.#underWay++;
    // A connector that is lost takes at most what is under way with it: so much is worth saving for.
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
