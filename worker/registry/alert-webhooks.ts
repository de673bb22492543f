import type { AlertInput } from "../../shared/signals/alert.ts";
import { alertFacts, type Alerts, type DescribedAlert, MAX_ALERTS } from "../alerts/alerts.ts";
import { done, type MakeChange, refused } from "./change.ts";
import type { Outcome } from "../calls/registry-calls.ts";
import type { Actor } from "./stores/index.ts";

/** Webhooks as operators add and delete them. `Alerts` decides what they are told. */
export class AlertWebhooks {
  readonly #alerts: Alerts;
  readonly #change: MakeChange;

  constructor(alerts: Alerts, change: MakeChange) {
    this.#alerts = alerts;
    this.#change = change;
  }

  /** Null: there are as many as there may be. */
  add(by: Actor, id: string, input: AlertInput): Promise<DescribedAlert | null> {
    return this.#change<DescribedAlert | null>(by, () => {
      if (this.#alerts.count >= MAX_ALERTS) return { result: null };
      const audit = { action: "alert.create", target: id, before: null, after: alertFacts(input) } as const;
      return { result: this.#alerts.add(id, input, by.atMs), audit };
    });
  }

  delete(by: Actor, id: string): Promise<Outcome> {
    return this.#change(by, () => {
      const before = this.#alerts.delete(id);
      if (before === null) return refused("not_found");
      return done([], { action: "alert.delete", target: id, before, after: null });
    });
  }
}
