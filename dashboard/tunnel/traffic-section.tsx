import type { Child } from "hono/jsx/dom";
import { useRef, useState } from "hono/jsx/dom";
import { get } from "../api.ts";
import type { Traffic, TunnelDetails } from "../api-types.ts";
import { chartData, Charts, errorRows, stepFilter, type TimeRange } from "../charts/index.ts";
import { Link, navigate } from "../navigation.tsx";
import {
  numberText,
  percentText,
  Empty,
  Failure,
  Loading,
  Stale,
  useEffect,
  usePolled,
} from "../parts/index.ts";
import type { RequestFilter } from "../request-filter.ts";
import { RangeControl } from "./range-control.tsx";

const REFRESH_MS = 10_000;

const WINDOWS: readonly { minutes: number; title: string }[] = [
  { minutes: 15, title: "15 minutes" },
  { minutes: 60, title: "1 hour" },
  { minutes: 360, title: "6 hours" },
  { minutes: 1440, title: "1 day" },
];

interface Loaded {
  traffic: Traffic;
  /** Null: the time up to now. */
  range: TimeRange | null;
}

interface TrafficProps {
  tunnel: TunnelDetails;
  /** Called with the data that is shown, so that other parts can show more of it. */
  onTraffic: (traffic: Traffic) => void;
}

export function TrafficSection({ tunnel, onTraffic }: TrafficProps) {
  const [minutes, setMinutes] = useState(60);
  const [range, setRange] = useState<TimeRange | null>(null);
  const path = `/tunnels/${tunnel.id}/traffic?${queryOf(minutes, range)}`;
  const load = async (signal: AbortSignal) => ({ traffic: await get<Traffic>(path, signal), range });
  const { data, error, reload } = usePolled<Loaded>(path, load, range === null ? REFRESH_MS : null);
  // The old range stays until the new one has arrived, so that the page does not jump.
  const last = useRef<Loaded | null>(null);
  if (data !== null) last.current = data;
  const shown = last.current ?? null;
  useEffect(() => {
    if (data !== null) onTraffic(data.traffic);
  }, [data]);
  return (
    <section aria-labelledby="traffic-title">
      <div class="section-head">
        <h2 id="traffic-title">Traffic</h2>
        <RangeControl range={range} setRange={setRange}>
          <label class="inline">
            <span>of the last</span>
            <select
              value={String(minutes)}
              onInput={({ currentTarget }: InputEvent) => {
                setMinutes(Number((currentTarget as HTMLSelectElement).value));
                setRange(null);
              }}
            >
              {WINDOWS.map((window) => (
                <option value={String(window.minutes)}>{window.title}</option>
              ))}
            </select>
          </label>
        </RangeControl>
      </div>
      {shown === null && error === null && <Loading what="the traffic" />}
      {shown === null && error !== null && <Failure error={error} retry={reload} />}
      {shown !== null && <Stale error={error} />}
      {shown !== null && <TrafficBox tunnel={tunnel} {...shown} setRange={setRange} />}
    </section>
  );
}

function queryOf(minutes: number, range: TimeRange | null): string {
  if (range === null) return `windowMinutes=${minutes}`;
  // A range that was dragged beyond the last step ends in the future.
  const until = Math.min(range.untilMs, Date.now());
  const times = { since: new Date(range.fromMs).toISOString(), until: new Date(until).toISOString() };
  return new URLSearchParams(times).toString();
}

interface BoxProps extends Loaded {
  tunnel: TunnelDetails;
  setRange: (range: TimeRange | null) => void;
}

function TrafficBox({ tunnel, traffic, range, setRange }: BoxProps) {
  const { points, stepSeconds } = traffic;
  const sum = (pick: (point: Traffic["points"][number]) => number) =>
    points.reduce((total, point) => total + pick(point), 0);
  const requests = sum((point) => point.requests);
  const errors = sum((point) => point.errors);
  if (requests === 0 && range === null) {
    return (
      <Empty title="No request in this time">
        <p>Charts appear a few seconds after the first one.</p>
      </Empty>
    );
  }
  const times: RequestFilter = {
    since: points[0]?.at ?? "",
    ...(range === null ? {} : { until: new Date(range.untilMs).toISOString() }),
  };
  const isOver = range !== null && range.untilMs < Date.now() - stepSeconds * 1000;
  const to = (filter: RequestFilter) =>
    ({ page: "tunnel", tunnelId: tunnel.id, view: "requests", filter: { ...times, ...filter } }) as const;
  return (
    <>
      <Charts
        data={chartData(traffic, isOver, (id) => connectorName(tunnel, id))}
        choose={setRange}
        reset={() => setRange(null)}
        open={(index, onlyFailed) => {
          const point = points[index];
          if (point === undefined) return;
          const filter = stepFilter(Date.parse(point.at), stepSeconds, point.p99Ms);
          navigate(to(onlyFailed ? { ...filter, failed: "true" } : filter));
        }}
      />
      <dl class="facts">
        <Fact title={<Link to={to({})}>Requests</Link>}>{numberText(requests)}</Fact>
        <Fact title={errors === 0 ? "Errors" : <Link to={to({ failed: "true" })}>Errors</Link>}>
          {numberText(errors)}{" "}
          <span class="faint">{percentText(requests === 0 ? 0 : errors / requests)}</span>
        </Fact>
        <Fact title="Cancelled by gateways">{numberText(sum((point) => point.cancelled))}</Fact>
        {errorRows(traffic).map(({ title, count, filter }) => (
          <Fact title={filter === null ? title : <Link to={to(filter)}>{title}</Link>}>
            {numberText(count)}
          </Fact>
        ))}
      </dl>
    </>
  );
}

function Fact({ title, children }: { title: Child; children: Child }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A connector that is gone is known only by its id. */
function connectorName({ connectors }: TunnelDetails, id: string): string {
  return connectors.find((connector) => connector.id === id)?.name ?? id;
}
