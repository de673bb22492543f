import { useRef, useState } from "hono/jsx/dom";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { get } from "../../api.ts";
import type { TunnelDetails } from "../../api-types.ts";
import { matches, type TailFilter } from "../../../shared/signals/tail-filter.ts";
import { ObjectFeeds, type ViewState, watchedNames } from "./object-feeds.ts";
import { Badge, Empty, useEffect } from "../../parts/index.ts";
import { RequestDetail } from "../request-detail.tsx";
import { RequestTable } from "../request-table.tsx";

/** More than anybody wants to scroll through. */
const KEPT_EVENTS = 200;
/** Further rows are shown on request. */
const SHOWN_EVENTS = 50;
/** People do not notice more frequent updates. */
const SHOW_MS = 250;

const STATE_WORDS: Record<ViewState, string> = {
  idle: "No connector has attached yet",
  connecting: "Connecting…",
  live: "Live",
  waiting: "Connection lost; trying again",
};

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function LiveView({ tunnel }: { tunnel: TunnelDetails }) {
  const [filter, setFilter] = useState<TailFilter>({});
  const [isPaused, setPaused] = useState(false);
  const [selected, setSelected] = useState<RequestEvent | null>(null);
  const { state, events, dropped, waiting, clear } = useLiveEvents(tunnel, filter, isPaused);
  return (
    <section aria-label="Live requests">
      <FilterForm services={tunnel.services} apply={setFilter} />
      <div class="live-bar">
        <span role="status" class={`feed ${state}`}>
          {isPaused ? `Paused, ${waiting} new` : STATE_WORDS[state]}
        </span>
        {dropped > 0 && <Badge tone="warn">{dropped} not shown: too many at once</Badge>}
        <button type="button" class="small" onClick={() => setPaused(!isPaused)}>
          {isPaused ? "Resume" : "Pause"}
        </button>
        <button type="button" class="small" onClick={clear}>
          Clear
        </button>
      </div>
      {events.length === 0 ? (
        <Empty title="Waiting for a request">
          <p>Requests appear here as they finish. Earlier ones are under "Requests".</p>
        </Empty>
      ) : (
        <RequestTable events={events} select={setSelected} maxRows={SHOWN_EVENTS} />
      )}
      {selected !== null && <RequestDetail event={selected} onClose={() => setSelected(null)} />}
    </section>
  );
}

function FilterForm({
  services,
  apply,
}: {
  services: readonly string[];
  apply: (filter: TailFilter) => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  const read = (event: Event) => {
    event.preventDefault();
    if (form.current === null) return;
    const entries = [...new FormData(form.current)].filter(([, value]) => value !== "");
    apply(Object.fromEntries(entries) as TailFilter);
  };
  return (
    <form ref={form} method="post" class="filters" aria-label="Filter" onSubmit={read}>
      <label>
        Service
        <select name="service" onInput={read}>
          <option value="">all</option>
          {services.map((service) => (
            <option value={service}>{service}</option>
          ))}
        </select>
      </label>
      <label>
        Status
        <select name="status" onInput={read}>
          <option value="">all</option>
          {["2xx", "3xx", "4xx", "5xx"].map((status) => (
            <option value={status}>{status}</option>
          ))}
        </select>
      </label>
      <label>
        Code
        <select name="code" onInput={read}>
          <option value="">all</option>
          <option value="any">failures of the tunnel</option>
        </select>
      </label>
      <label>
        Method
        <select name="method" onInput={read}>
          <option value="">all</option>
          {METHODS.map((method) => (
            <option value={method}>{method}</option>
          ))}
        </select>
      </label>
      <label class="grow">
        Path begins with
        <input name="path" maxlength={256} autocomplete="off" placeholder="/v1/*/refunds" />
      </label>
      <button type="submit">Apply</button>
    </form>
  );
}

interface LiveEvents {
  state: ViewState;
  /** Of all events that arrived, also under an earlier filter, those that match now. */
  events: readonly RequestEvent[];
  dropped: number;
  /** Events that arrived while the list was paused. */
  waiting: number;
  clear: () => void;
}

function useLiveEvents(tunnel: TunnelDetails, filter: TailFilter, isPaused: boolean): LiveEvents {
  const tunnelId = tunnel.id;
  const names = watchedNames(tunnel.objects);
  const [shown, setShown] = useState<{ events: readonly RequestEvent[]; dropped: number }>(NOTHING);
  const [arrivedCount, setArrivedCount] = useState(0);
  const arrived = useRef<RequestEvent[]>([]);
  const dropped = useRef(0);
  const feeds = useRef<ObjectFeeds>(null);
  const key = JSON.stringify([tunnelId, filter]);
  const [told, setTold] = useState<{ key: string; state: ViewState }>({ key, state: "connecting" });

  useEffect(() => {
    feeds.current = new ObjectFeeds({ tunnelId, filter }, names, {
      state: (state) => setTold({ key, state }),
      events(events, droppedNow) {
        arrived.current = [...events.toReversed(), ...(arrived.current ?? [])].slice(0, KEPT_EVENTS);
        dropped.current = (dropped.current ?? 0) + droppedNow;
      },
      // Only a call can tell whether the session is over. Other causes end by themselves.
      lost: () => void get(`/tunnels/${tunnelId}`).catch(() => {}),
    });
    return () => feeds.current?.end();
  }, [key]);

  useEffect(() => feeds.current?.watch(names), [names.join(",")]);

  useEffect(() => {
    const timer = setInterval(() => {
      const events = arrived.current ?? [];
      if (isPaused) return setArrivedCount(events.length);
      const droppedNow = dropped.current ?? 0;
      if (events.length === 0 && droppedNow === 0) return;
      arrived.current = [];
      dropped.current = 0;
      setShown((before) => ({
        events: [...events, ...before.events].slice(0, KEPT_EVENTS),
        dropped: before.dropped + droppedNow,
      }));
    }, SHOW_MS);
    setArrivedCount(0);
    return () => clearInterval(timer);
  }, [isPaused]);

  const clear = () => {
    arrived.current = [];
    setShown(NOTHING);
    setArrivedCount(0);
  };
  const matching = (events: readonly RequestEvent[]) => events.filter((event) => matches(filter, event));
  // `arrived` is a ref, which draws nothing by itself: `arrivedCount` changes with it, so that the page is drawn anew.
  const waiting = arrivedCount === 0 ? 0 : matching(arrived.current ?? []).length;
  // What the feed reported under the previous filter says nothing about this one.
  const state = told.key === key ? told.state : "connecting";
  return { state, dropped: shown.dropped, events: matching(shown.events), waiting, clear };
}

const NOTHING = { events: [], dropped: 0 };
