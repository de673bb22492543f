/** How slowly the expectation falls with each smaller answer: one large answer in ten is enough to expect the next one. */
const KEPT_SHARE = 0.9;
/** A limit, because requests can name any number of services. */
const MAX_SERVICES = 1_000;

/** How large a service's recent answers are. The largest one counts, and counts less with each answer after it. */
export class AnswerSizes {
  readonly #lateBytes = new Map<string, number>();

  of(service: string): number {
    return this.#lateBytes.get(service) ?? 0;
  }

  /** Call it when an answer of this size is over. */
  note(service: string, bytes: number): void {
    const lateBytes = Math.max(bytes, this.of(service) * KEPT_SHARE);
    if (this.#lateBytes.size >= MAX_SERVICES && !this.#lateBytes.has(service)) this.#lateBytes.clear();
    this.#lateBytes.set(service, lateBytes);
  }
}
