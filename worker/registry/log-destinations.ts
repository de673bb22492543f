import {
  keepSecrets,
  type LogDestination,
  type LogDestinationInput,
} from "../../shared/events/log-destination.ts";
import { type Change, done, type MakeChange, refused } from "./change.ts";
import type { DestinationName, DestinationOutcome, Outcome } from "../calls/registry-calls.ts";
import {
  type Actor,
  described,
  destinationFacts,
  type LogDestinationRecord,
  type DescribedDestination,
  type RegistryStores,
} from "./stores/index.ts";

/** A limit on the work of sending, because each gets every event. */
const MAX_LOG_DESTINATIONS = 20;

type Stores = Pick<RegistryStores, "destinations" | "reports" | "tunnels">;

/** Where the relay's logs go. Every tunnel's objects learn that the list has changed, and Telemetry objects then fetch it. */
export class LogDestinations {
  readonly #stores: Stores;
  readonly #change: MakeChange;

  constructor(stores: Stores, change: MakeChange) {
    this.#stores = stores;
    this.#change = change;
  }

  add(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome> {
    const { destinations } = this.#stores;
    return this.#change<DestinationOutcome>(by, () => {
      if (destinations.all().length >= MAX_LOG_DESTINATIONS) return { result: { outcome: "limit_reached" } };
      const complete = keepSecrets(input, null);
      if ("problems" in complete) return { result: { outcome: "invalid", ...complete } };
      destinations.add(id, complete.destination, by.atMs);
      return this.#changed("log-destination.create", id, null);
    });
  }

  put(by: Actor, id: string, input: LogDestinationInput): Promise<DestinationOutcome> {
    const { destinations } = this.#stores;
    return this.#change<DestinationOutcome>(by, () => {
      const stored = destinations.get(id);
      if (stored === null) return { result: { outcome: "not_found" } };
      const complete = keepSecrets(input, stored.destination);
      if ("problems" in complete) return { result: { outcome: "invalid", ...complete } };
      destinations.replace(id, complete.destination, by.atMs);
      return this.#changed("log-destination.update", id, stored);
    });
  }

  delete(by: Actor, id: string): Promise<Outcome> {
    const { destinations, tunnels } = this.#stores;
    return this.#change(by, () => {
      const stored = destinations.get(id);
      if (stored === null) return refused("not_found");
      destinations.delete(id);
      const before = destinationFacts(stored);
      const audit = { action: "log-destination.delete", target: id, before, after: null } as const;
      return done(tunnels.tunnelIds(), audit);
    });
  }

  /** All of them: there are few. */
  all(): DescribedDestination[] {
    const totals = this.#stores.reports.totals();
    return this.#stores.destinations.all().map((record) => described(record, totals));
  }

  names(): DestinationName[] {
    const all = this.#stores.destinations.all();
    return all.map(({ id, destination: { name, kind } }) => ({ id, name, kind }));
  }

  get(id: string): DescribedDestination | null {
    const record = this.#stores.destinations.get(id);
    return record && described(record, this.#stores.reports.totals());
  }

  /** With its secrets. Only for code that sends to it. */
  shipping(id: string): LogDestination | null {
    const { destinations } = this.#stores.destinations.shippingList();
    return destinations.find((destination) => destination.id === id) ?? null;
  }

  #changed(
    action: "log-destination.create" | "log-destination.update",
    id: string,
    stored: LogDestinationRecord | null,
  ): Change<DestinationOutcome> {
    const record = this.#stores.destinations.get(id);
    if (record === null) return { result: { outcome: "not_found" } };
    const before = stored && destinationFacts(stored);
    return {
      result: { outcome: "done", described: described(record, this.#stores.reports.totals()) },
      tunnelIds: this.#stores.tunnels.tunnelIds(),
      audit: { action, target: id, before, after: destinationFacts(record) },
    };
  }
}
