/** How much of what is known is kept with each answer: one large answer in ten is enough to expect the next. */
const KEPT_SHARE = 0.9;
/** Names of services come with requests. */
const MAX_SERVICES = 1_000;

/** How large are a service's answers lately? The largest counts, and less with each one after it. */
export class AnswerSizes {
  readonly #lateBytes = new Map<string, number>();

  of(service: string): number {
    return this.#lateBytes.get(service) ?? 0;
  }

  /** An answer is over that was so large. */
  note(service: string, bytes: number): void {
    const lateBytes = Math.max(bytes, this.of(service) * KEPT_SHARE);
    if (this.#lateBytes.size >= MAX_SERVICES && !this.#lateBytes.has(service)) this.#lateBytes.clear();
    this.#lateBytes.set(service, lateBytes);
  }
}
