import { cappedService, OTHER_SERIES } from "../../shared/signals/series-label.ts";

/** Names of services come from the relay: so many have a label of their own, and half as many hosts. */
export const MAX_SERVICES = 200;
/** Longer than any service's: each is kept, and written some sixty times on every read. */
const MAX_NAME_LENGTH = 128;

/** The services that metrics tell apart. Services have room of their own: callers, who can name any host of a wildcard, do not use it up. */
export class ServiceLabels {
  readonly #known = new Set<string>();
  readonly #onNew: (label: string) => void;

  /** `onNew` hears of each label before anything is counted under it. */
  constructor(onNew: (label: string) => void) {
    this.#onNew = onNew;
  }

  of(service: string): string {
    if (this.#known.has(service)) return service;
    const isLong = service.length > MAX_NAME_LENGTH;
    const label = isLong ? OTHER_SERIES : cappedService(service, this.#known, MAX_SERVICES);
    if (!this.#known.has(label)) {
      this.#known.add(label);
      this.#onNew(label);
    }
    return label;
  }
}
