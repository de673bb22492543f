import type { RequestEvent } from "../../shared/events/request-event.ts";
import type { EventOutbox } from "./event-outbox.ts";
import { type LogSettings, redact } from "../log-settings.ts";
import type { TailHub } from "./tail-hub.ts";

/** Where the events of one object go: the console, whoever watches, and the batches for Telemetry. */
export class EventLog {
  readonly settings: LogSettings;
  readonly #outbox: EventOutbox;
  readonly #tails: TailHub;
  readonly #onEvent: (event: RequestEvent) => void;

  constructor(
    settings: LogSettings,
    outbox: EventOutbox,
    tails: TailHub,
    onEvent: (event: RequestEvent) => void = () => {},
  ) {
    this.settings = settings;
    this.#onEvent = onEvent;
    this.#outbox = outbox;
    this.#tails = tails;
  }

  readonly write = (event: RequestEvent): void => {
    // Nobody may find out by a filter what they may not see.
    const shown = redact(event, this.settings);
    const line = JSON.stringify(shown);
    if (this.settings.console) console.log(line);
    this.#outbox.add(line);
    this.#tails.offer(shown, line);
    this.#onEvent(event);
  };
}
