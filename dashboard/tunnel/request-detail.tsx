import type { Child } from "hono/jsx/dom";
import type { RequestEvent, RequestOutcome } from "../../shared/events/request-event.ts";
import { remedyOf } from "../../shared/verdict/remedies.ts";
import {
  bytesText,
  wholeMillisecondsText,
  percentText,
  timeText,
  Badge,
  CopyButton,
  Dialog,
} from "../parts/index.ts";
import { CapturedView } from "../capture/captured-view.tsx";
import { Link } from "../navigation.tsx";
import { pathOf, type Route } from "../route.ts";
import { useCanEdit } from "../session.ts";
import { requestName, requestParts } from "./request-parts.ts";
import type { Tone } from "../../shared/verdict/verdict.ts";

const CONNECTION_WORDS: Partial<Record<RequestOutcome, string>> = {
  answered: "Both sides closed the connection.",
  failed: "The connection was not established.",
  aborted: "The connection broke off.",
  cancelled: "The gateway broke off the connection.",
};

const OUTCOME_WORDS: Record<RequestOutcome, string> = {
  answered: "The whole response reached the gateway.",
  refused: "The relay refused it.",
  failed: "The tunnel answered instead of the upstream.",
  aborted: "The response broke off after it had begun.",
  cancelled: "The gateway gave up.",
};

export function toneOf({ outcome, status }: RequestEvent): Tone {
  if (outcome === "cancelled") return "idle";
  if (outcome !== "answered" || status >= 500) return "bad";
  return status >= 400 ? "warn" : "good";
}

function outcomeWords({ kind, outcome }: RequestEvent): string {
  return (kind === "tcp" ? CONNECTION_WORDS[outcome] : undefined) ?? OUTCOME_WORDS[outcome];
}

/** A bar whose parts are as long as the times that they stand for. The detail view has the numbers. */
export function TimeBar({ event }: { event: RequestEvent }) {
  return (
    <span class="time-bar" aria-hidden="true">
      {requestParts(event).map(({ name, share }) => (
        <i class={`part-${name}`} style={{ width: `${share * 100}%` }} />
      ))}
    </span>
  );
}

export function RequestDetail({ event, onClose }: { event: RequestEvent; onClose: () => void }) {
  const to: Route = {
    ...{ page: "tunnel", tunnelId: event.tunnel, view: "requests" },
    requestId: event.requestId,
  };
  const remedy = remedyOf(event.code);
  const canEdit = useCanEdit();
  return (
    <Dialog title={requestName(event)} wide onClose={onClose}>
      <p>
        <Badge tone={toneOf(event)}>
          {event.status} {event.outcome}
        </Badge>{" "}
        {outcomeWords(event)} {event.code !== null && <code>{event.code}</code>}
      </p>
      {event.detail !== undefined && <p class="why breakable">{event.detail}</p>}
      {remedy !== null && (
        <p>
          <strong>What to do:</strong> {remedy}{" "}
          <span class="faint">More: docs/operations.md, Reading a failure.</span>
        </p>
      )}
      <h3>Where the time went: {wholeMillisecondsText(event.durationMs)}</h3>
      <TimeBar event={event} />
      <dl class="time-parts">
        {requestParts(event).map(({ name, title, explanation, ms, share }) => (
          <div>
            <dt>
              <i class={`part-${name}`} /> {title}
            </dt>
            <dd>
              <b>{wholeMillisecondsText(ms)}</b> <span class="faint">{percentText(share)}</span>
            </dd>
            <dd class="faint">{explanation}</dd>
          </div>
        ))}
      </dl>
      <dl class="fields">
        <Field name="Time">{timeText(event.time)}</Field>
        <Field name="Service">{event.service === "" ? "–" : event.service}</Field>
        <Field name="Caller">
          {event.project} in {event.environment}
        </Field>
        <Field name="Kind">{event.kind}</Field>
        <Field name="Sent">{bytesText(event.requestBytes)}</Field>
        <Field name="Received">{bytesText(event.responseBytes)}</Field>
        <Field name="Attempts">{event.attempts}</Field>
        {event.endedBy !== undefined && <Field name="Ended by">{event.endedBy}</Field>}
        {event.closeCode !== undefined && <Field name="Close code">{event.closeCode}</Field>}
        <Field name="Connector">
          {event.connectorName} {event.connector === null ? "none" : <code>{event.connector}</code>}
        </Field>
        <Field name="Request id">
          <code>{event.requestId}</code> <CopyButton text={event.requestId} what="the request's id" />
        </Field>
        <Field name="Link">
          <Link to={to}>to this request</Link>{" "}
          <CopyButton text={location.origin + pathOf(to)} what="the link to this request" />
        </Field>
        {event.traceId !== "" && (
          <Field name="Trace id">
            <code>{event.traceId}</code> <CopyButton text={event.traceId} what="the trace's id" />
          </Field>
        )}
      </dl>
      {canEdit && <CapturedView tunnelId={event.tunnel} requestId={event.requestId} />}
    </Dialog>
  );
}

function Field({ name, children }: { name: string; children: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="breakable">{children}</dd>
    </div>
  );
}
