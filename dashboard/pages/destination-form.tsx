import { useRef, useState } from "hono/jsx/dom";
import type { LogDestinationKind } from "../../shared/events/log-destination.ts";
import { callApi } from "../api.ts";
import { formTexts, ActionDialog } from "../parts/index.ts";
import { destinationOf } from "./destination-input.ts";

const KINDS: readonly { kind: LogDestinationKind; title: string; url: string }[] = [
  { kind: "otlp", title: "OpenTelemetry (OTLP)", url: "https://otlp.example.com" },
  { kind: "datadog", title: "Datadog", url: "https://http-intake.logs.datadoghq.eu" },
  { kind: "splunk", title: "Splunk (HEC)", url: "https://splunk.example.com:8088" },
  { kind: "loki", title: "Loki", url: "https://loki.example.com" },
  { kind: "webhook", title: "Webhook", url: "https://hooks.example.com/culvert" },
];

interface FieldProps {
  name: string;
  title: string;
  help?: string;
  type?: "text" | "url" | "password";
  required?: boolean;
  placeholder?: string;
}

function Field({ name, title, help, type = "text", required = false, placeholder = "" }: FieldProps) {
  const id = `destination-${name}`;
  return (
    <>
      <label for={id}>{title}</label>
      <input
        {...{ id, name, type, required, placeholder }}
        autocomplete={type === "password" ? "new-password" : "off"}
        spellcheck={false}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
      />
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </>
  );
}

/** The fields of each kind, besides name, address and headers. */
function KindFields({ kind }: { kind: LogDestinationKind }) {
  switch (kind) {
    case "otlp":
    case "webhook":
      return null;
    case "datadog":
      return (
        <>
          <Field name="apiKey" title="API key" type="password" required />
          <Field name="tags" title="Tags" help="Optional, separated by commas: team:payments, env:prod" />
        </>
      );
    case "splunk":
      return (
        <>
          <Field name="token" title="Token" type="password" required />
          <Field name="index" title="Index" help="Optional." />
        </>
      );
    case "loki":
      return (
        <>
          <Field name="tenant" title="Tenant" help="Optional." />
          <Field
            name="username"
            title="User"
            help="Optional. If it is given, the token is this user's password."
          />
          <Field name="token" title="Token" type="password" />
        </>
      );
  }
}

export function CreateDestination({ onClose, onCreated }: { onClose: () => void; onCreated: () => void }) {
  const fields = useRef<HTMLDivElement>(null);
  const [kind, setKind] = useState<LogDestinationKind>("otlp");
  const chosen = KINDS.find((one) => one.kind === kind);
  return (
    <ActionDialog
      title="Add a log destination"
      action="Add it"
      onClose={onClose}
      act={async () => {
        const form = fields.current?.closest("form");
        if (form === null || form === undefined) return;
        await callApi("POST", "/log-destinations", { body: destinationOf(formTexts(form)) });
        onCreated();
      }}
    >
      <div ref={fields}>
        <label for="destination-kind">Kind</label>
        <select
          id="destination-kind"
          name="kind"
          value={kind}
          onInput={({ currentTarget }: InputEvent) =>
            setKind((currentTarget as HTMLSelectElement).value as LogDestinationKind)
          }
        >
          {KINDS.map((one) => (
            <option value={one.kind}>{one.title}</option>
          ))}
        </select>
        <Field name="name" title="Name" required />
        <Field name="url" title="URL" type="url" required placeholder={chosen?.url ?? ""} />
        <label for="destination-events">Events</label>
        <select id="destination-events" name="events">
          <option value="all">every request</option>
          <option value="failures">failures and answers of 5xx</option>
        </select>
        <KindFields key={kind} kind={kind} />
        <label for="destination-headers">Headers</label>
        <textarea
          id="destination-headers"
          name="headers"
          rows={2}
          spellcheck={false}
          autocomplete="off"
          placeholder="authorization: Bearer …"
          aria-describedby="destination-headers-help"
        />
        <p class="help" id="destination-headers-help">
          Optional, one a line. Secrets and the values of headers are never shown again.
        </p>
      </div>
    </ActionDialog>
  );
}
