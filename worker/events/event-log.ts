import type { RequestEvent } from "../../shared/events/request-event.ts";
import type { EventOutbox } from "./event-outbox.ts";
import { type LogSettings, redact } from "../log-settings.ts";
import type { TailHub } from "./tail-hub.ts";

/** Sends the events of one object to the console, to watchers, and into the batches for Telemetry. */
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
    // The filter sees the redacted event, so that nobody can find out redacted values with a filter.
    const shown = redact(event, this.settings);
    const line = JSON.stringify(shown);
    if (this.settings.console) console.log(line);
    this.#outbox.add(line);
    this.#tails.offer(shown, line);
    this.#onEvent(event);
  };
}
