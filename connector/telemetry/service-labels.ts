import { cappedService, OTHER_SERIES } from "../../shared/signals/series-label.ts";

/** Services with a label of their own; half as many hosts may have one. A limit, because the names come from the relay. */
export const MAX_SERVICES = 200;
/** Longer than any service's name. A limit is needed, because each label is kept and written some sixty times on every read. */
const MAX_NAME_LENGTH = 128;

/** The labels of services in the metrics. Services and hosts have separate limits, because callers can name any host of a wildcard. */
export class ServiceLabels {
  readonly #known = new Set<string>();
  readonly #onNew: (label: string) => void;

  /** `onNew` is called with each label before anything is counted under it. */
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
