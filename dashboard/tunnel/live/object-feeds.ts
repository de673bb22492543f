import type { TunnelObject } from "../../api-types.ts";
import { type FeedListener, type FeedSource, type FeedState, watchRequests } from "./live-feed.ts";

/** "idle": there is nothing to watch yet. */
export type ViewState = FeedState | "idle";

export interface FeedsListener extends Omit<FeedListener, "state"> {
  state(state: ViewState): void;
}

/** Nothing goes through one that connectors are still coming to, or that nobody has called yet. */
export function watchedNames(objects: readonly TunnelObject[]): string[] {
  return objects.filter(({ phase, exists }) => phase !== "attaching" && exists).map(({ name }) => name);
}

/**
 * The requests of a tunnel, from every object that carries it. Each is told by the one object that carried it, so none
 * comes twice. As objects come and go, so do their feeds; the others go on.
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

  /** These from now on. */
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

  /** Live is what misses nothing: the worst of all counts. */
  #tellState(): void {
    const states = [...this.#feeds.values()].map(({ state }) => state);
    const worst = (["waiting", "connecting", "live"] as const).find((state) => states.includes(state));
    this.#listener.state(worst ?? "idle");
  }
}
