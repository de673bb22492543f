import type { TunnelObject } from "../../api-types.ts";
import { type FeedListener, type FeedSource, type FeedState, watchRequests } from "./live-feed.ts";

/** "idle": there is no object to watch yet. */
export type ViewState = FeedState | "idle";

export interface FeedsListener extends Omit<FeedListener, "state"> {
  state(state: ViewState): void;
}

/** Leaves out objects that carry no requests yet: connectors are still attaching, or nobody has called them. */
export function watchedNames(objects: readonly TunnelObject[]): string[] {
  return objects.filter(({ phase, exists }) => phase !== "attaching" && exists).map(({ name }) => name);
}

/**
 * The requests of a tunnel, from every object that carries it. Only the object that carried a request reports it, so no
 * request appears twice. Feeds begin and end with the objects; the other feeds go on.
 */
export class ObjectFeeds {
  readonly #source: Omit<FeedSource, "object">;
  readonly #listener: FeedsListener;
  readonly #connect: typeof watchRequests;
  readonly #feeds = new Map<string, { state: FeedState; end: () => void }>();

  constructor(
    source: Omit<FeedSource, "object">,
    names: readonly string[],
    listener: FeedsListener,
    connect: typeof watchRequests = watchRequests,
  ) {
    this.#source = source;
    this.#listener = listener;
    this.#connect = connect;
    this.watch(names);
  }

  /** Watches these objects from now on, and no others. */
  watch(names: readonly string[]): void {
    for (const [name, { end }] of this.#feeds) {
      if (names.includes(name)) continue;
      this.#feeds.delete(name);
      end();
    }
    for (const name of names) if (!this.#feeds.has(name)) this.#begin(name);
    this.#tellState();
  }

  end(): void {
    for (const { end } of this.#feeds.values()) end();
    this.#feeds.clear();
  }

  #begin(object: string): void {
    const feed = { state: "connecting" as FeedState, end: () => {} };
    this.#feeds.set(object, feed);
    feed.end = this.#connect(
      { ...this.#source, object },
      {
        events: (events, dropped) => this.#listener.events(events, dropped),
        lost: () => this.#listener.lost(),
        state: (state) => {
          feed.state = state;
          if (this.#feeds.get(object) === feed) this.#tellState();
        },
      },
    );
  }

  /** The view is live only if nothing is missed, so the worst state of all feeds counts. */
  #tellState(): void {
    const states = [...this.#feeds.values()].map(({ state }) => state);
    const worst = (["waiting", "connecting", "live"] as const).find((state) => states.includes(state));
    this.#listener.state(worst ?? "idle");
  }
}
