import { Backoff } from "../../../shared/time/backoff.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import type { TailFilter } from "../../../shared/signals/tail-filter.ts";
import { TAIL_SUBPROTOCOL } from "../../../shared/events/tail.ts";

/** Proxies close connections that are silent for a minute. */
const KEEPALIVE_MS = 25_000;

export type FeedState = "connecting" | "live" | "waiting";

export interface FeedListener {
  state(state: FeedState): void;
  /** `dropped` is the number of events that this browser was too slow for. */
  events(events: readonly RequestEvent[], dropped: number): void;
  /** The relay refused the connection, or it broke. A WebSocket does not say which, so another call has to find out. */
  lost(): void;
}

/** The requests of this tunnel that this object carries. */
export interface FeedSource {
  tunnelId: string;
  object: string;
  filter: TailFilter;
}

/** Reports requests as they finish. Connects again after a loss, until the returned function is called. */
export function watchRequests(source: FeedSource, listener: FeedListener): () => void {
  const backoff = new Backoff(Math.random);
  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const connect = () => {
    listener.state("connecting");
    let received = 0;
    let openedMs: number | null = null;
    const opened = new WebSocket(feedUrl(source), TAIL_SUBPROTOCOL);
    socket = opened;
    const keepalive = setInterval(() => {
      if (opened.readyState === WebSocket.OPEN) opened.send("p");
    }, KEEPALIVE_MS);
    opened.addEventListener("open", () => {
      openedMs = Date.now();
      listener.state("live");
    });
    opened.addEventListener("message", ({ data }: MessageEvent<string>) => {
      if (data === "q" || ended) return;
      const { events, dropped } = JSON.parse(data) as { events: RequestEvent[]; dropped: number };
      received += events.length;
      opened.send(JSON.stringify({ received }));
      listener.events(events, dropped);
    });
    opened.addEventListener("close", () => {
      clearInterval(keepalive);
      if (ended) return;
      listener.state("waiting");
      listener.lost();
      retry = setTimeout(connect, backoff.delayAfterLossMs(openedMs === null ? 0 : Date.now() - openedMs));
    });
  };

  connect();
  return () => {
    ended = true;
    clearTimeout(retry);
    socket?.close(1000);
  };
}

function feedUrl({ tunnelId, object, filter }: FeedSource): string {
  const url = new URL(`/v1/tunnels/${encodeURIComponent(tunnelId)}/tail`, location.href);
  url.searchParams.set("object", object);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(filter) as [string, string][]) {
    if (value !== "") url.searchParams.set(name, value);
  }
  return url.href;
}
