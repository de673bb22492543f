import { type RequestEvent, verbOf } from "../../shared/events/request-event.ts";
import { clockText, timeText, wholeMillisecondsText, Badge, Table } from "../parts/index.ts";
import { TimeBar, toneOf } from "./request-detail.tsx";

export function RequestTable({
  events,
  select,
  maxRows = Infinity,
}: {
  events: readonly RequestEvent[];
  maxRows?: number;
  select: (event: RequestEvent) => void;
}) {
  return (
    <Table
      caption="Requests, newest first"
      rows={events}
      keyOf={({ requestId }) => requestId}
      maxRows={maxRows}
      columns={[
        {
          title: "Time",
          isBrief: true,
          cell: ({ time }) => (
            <time class="clock" datetime={time} title={timeText(time)}>
              {clockText(time)}
            </time>
          ),
        },
        {
          title: "Request",
          cell: (event) => (
            <button type="button" class="link breakable" onClick={() => select(event)}>
              <b>{verbOf(event)}</b> {event.kind === "tcp" ? event.service : event.path}
            </button>
          ),
        },
        { title: "Service", isBrief: true, cell: ({ service }) => <span class="breakable">{service}</span> },
        {
          title: "Result",
          isBrief: true,
          cell: (event) => (
            <span class="badges">
              <Badge tone={toneOf(event)}>{event.status}</Badge>
              {event.code !== null && <code class="breakable">{event.code}</code>}
            </span>
          ),
        },
        { title: "Duration", isNumber: true, cell: ({ durationMs }) => wholeMillisecondsText(durationMs) },
        { title: "Where it went", cell: (event) => <TimeBar event={event} /> },
      ]}
    />
  );
}
