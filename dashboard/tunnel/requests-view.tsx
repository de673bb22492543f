import { useRef, useState } from "hono/jsx/dom";
import type { RequestEvent } from "../../shared/events/request-event.ts";
import { get } from "../api.ts";
import type { Page, TunnelDetails } from "../api-types.ts";
import { StartCapture } from "../capture/start-capture.tsx";
import { navigate } from "../navigation.tsx";
import { Empty, Failure, Loading, formTexts, usePaged, useEffect } from "../parts/index.ts";
import { RequestDetail } from "./request-detail.tsx";
import { type RequestFilter, searchOf } from "../request-filter.ts";
import { RequestTable } from "./request-table.tsx";
import { useCanEdit } from "../session.ts";

interface RequestsProps {
  tunnel: TunnelDetails;
  /** Loads the tunnel again. */
  reload: () => void;
  filter: RequestFilter;
  /** The request that a link names; else null. */
  requestId: string | null;
}

/** The requests of the last week that match. The URL contains the filter, so that a link to it can be shared. */
export function RequestsView({ tunnel, reload, filter, requestId }: RequestsProps) {
  const base = `/tunnels/${encodeURIComponent(tunnel.id)}/requests`;
  const asked = useRef<RequestFilter>(filter);
  // A request opens above the list that contains it.
  if (requestId === null) asked.current = filter;
  const shown = asked.current ?? filter;
  const search = searchOf(shown);
  const found = usePaged<RequestEvent>(`${base}${search}`);
  const canEdit = useCanEdit();
  const [selected, setSelected] = useState<RequestEvent | null>(null);
  const toList = () => {
    setSelected(null);
    navigate({ page: "tunnel", tunnelId: tunnel.id, view: "requests", filter: shown });
  };
  const toRequest = (event: RequestEvent) => {
    setSelected(event);
    navigate({ page: "tunnel", tunnelId: tunnel.id, view: "requests", requestId: event.requestId });
  };
  return (
    <section aria-label="Requests of the last seven days">
      <SearchForm
        key={search}
        tunnel={tunnel}
        filter={shown}
        apply={(wanted) =>
          searchOf(wanted) === search
            ? found.reload()
            : navigate({ page: "tunnel", tunnelId: tunnel.id, view: "requests", filter: wanted })
        }
      />
      {canEdit && <StartCapture tunnel={tunnel} reload={reload} />}
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      {found.items === null && found.error === null && <Loading what="the requests" />}
      {found.items?.length === 0 && found.error === null && (
        <Empty title="No such request">
          <p>
            The last 20,000 requests are kept, for seven days. A request appears a few seconds after it has
            finished.
          </p>
        </Empty>
      )}
      {found.items !== null && found.items.length > 0 && (
        <RequestTable events={found.items} select={toRequest} />
      )}
      {found.hasMore && (
        <button type="button" onClick={found.loadMore}>
          Show more
        </button>
      )}
      {requestId !== null && (
        <LinkedRequest
          key={requestId}
          path={`${base}?id=${encodeURIComponent(requestId)}`}
          known={selected?.requestId === requestId ? selected : null}
          onClose={toList}
        />
      )}
    </section>
  );
}

interface LinkedProps {
  path: string;
  known: RequestEvent | null;
  onClose: () => void;
}

function LinkedRequest({ path, known, onClose }: LinkedProps) {
  const [event, setEvent] = useState<RequestEvent | null>(known);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (known !== null) return;
    get<Page<RequestEvent>>(path).then(
      ({ items: [first] }) =>
        first === undefined
          ? setError(new Error("This request is not in the history: it is too old, or has not finished yet."))
          : setEvent(first),
      setError,
    );
  }, [path]);
  if (error !== null) return <Failure error={error} retry={onClose} />;
  return event === null ? null : <RequestDetail event={event} onClose={onClose} />;
}

const PERIODS: readonly (readonly [minutes: number, title: string])[] = [
  [15, "15 minutes"],
  [60, "hour"],
  [360, "6 hours"],
  [1440, "day"],
];

/** "" keeps the times that are in the filter already. */
function timesOf(period: string): Pick<RequestFilter, "since" | "until"> {
  if (period === "") return {};
  if (period === "all") return { since: "", until: "" };
  return { since: new Date(Date.now() - Number(period) * 60_000).toISOString(), until: "" };
}

interface SearchProps {
  tunnel: TunnelDetails;
  filter: RequestFilter;
  apply: (filter: RequestFilter) => void;
}

function SearchForm({ tunnel, filter, apply }: SearchProps) {
  const form = useRef<HTMLFormElement>(null);
  const read = (event: Event) => {
    event.preventDefault();
    if (form.current === null) return;
    const { period = "", ...given } = formTexts(form.current);
    // Filters without a field in the form come from a link, and are kept.
    apply({ ...filter, ...timesOf(period), ...given });
  };
  const field = (name: keyof RequestFilter, title: string, placeholder: string, grow = false) => (
    <label class={grow ? "grow" : ""}>
      {title}
      <input
        name={name}
        value={filter[name] ?? ""}
        placeholder={placeholder}
        maxlength={256}
        autocomplete="off"
      />
    </label>
  );
  const isTimed = filter.since !== undefined || filter.until !== undefined;
  return (
    <form ref={form} method="post" class="filters" aria-label="Search" onSubmit={read}>
      {field("id", "Request id", "culvert-request-id", true)}
      {field("traceId", "Trace id", "32 hex digits", true)}
      <label>
        Service
        <input name="service" list="known-services" value={filter.service ?? ""} placeholder="all" />
        <datalist id="known-services">
          {tunnel.services.map((service) => (
            <option value={service} />
          ))}
        </datalist>
      </label>
      {field("caller", "Caller", "project/environment")}
      {field("status", "Status", "404, 5xx")}
      {field("code", "Code", "any, NO_CONNECTOR")}
      {field("connector", "Connector", "its id")}
      {field("path", "Path begins with", "/v1/*/refunds", true)}
      <label>
        Of the last
        <select name="period" value={isTimed ? "" : "all"}>
          {isTimed && <option value="">as linked</option>}
          <option value="all">7 days</option>
          {PERIODS.map(([minutes, title]) => (
            <option value={String(minutes)}>{title}</option>
          ))}
        </select>
      </label>
      <button type="submit" class="primary">
        Search
      </button>
    </form>
  );
}
