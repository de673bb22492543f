import { useState } from "hono/jsx/dom";
import { callApi, get } from "../api.ts";
import type { Alert, Alerts } from "../api-types.ts";
import { PageTitle } from "../navigation.tsx";
import {
  ActionDialog,
  Badge,
  Empty,
  Failing,
  Failure,
  Loading,
  Table,
  Time,
  TestDialog,
  usePolled,
  TestAndRemove,
} from "../parts/index.ts";
import { useCanEdit } from "../session.ts";

const REFRESH_MS = 15_000;

type Open = { kind: "create" } | { kind: "test" | "delete"; alert: Alert } | null;

/** Current alerts, and the webhooks that get them. */
export function AlertsPage() {
  const { data, error, reload } = usePolled("alerts", (signal) => get<Alerts>("/alerts", signal), REFRESH_MS);
  const [open, setOpen] = useState<Open>(null);
  const canEdit = useCanEdit();
  const close = () => {
    setOpen(null);
    reload();
  };
  return (
    <>
      <PageTitle title="Alerts">
        {canEdit && (
          <button type="button" onClick={() => setOpen({ kind: "create" })}>
            Add a webhook
          </button>
        )}
      </PageTitle>
      <p class="lead">
        Webhooks get an alert when a tunnel is down or has lost its redundancy, when no connector reaches a
        service, when a token in use is about to expire, when events are lost, and when such a problem is
        over.
      </p>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && error === null && <Loading what="the alerts" />}
      {data !== null && <Firing firing={data.firing} />}
      {data?.items.length === 0 && (
        <Empty title="No webhook">
          <p>
            Add a webhook here, or with <code>culvert alert create</code>.
          </p>
        </Empty>
      )}
      {data !== null && data.items.length > 0 && (
        <Table
          caption="Webhooks"
          rows={data.items}
          keyOf={({ id }) => id}
          columns={[
            { title: "Name", cell: ({ name }) => <b class="breakable">{name}</b> },
            { title: "Format", cell: ({ format }) => format },
            { title: "Address", cell: ({ url }) => <code class="breakable">{url}</code> },
            { title: "State", cell: (alert) => <State {...alert} /> },
            ...(canEdit
              ? [
                  {
                    title: "",
                    cell: (alert: Alert) => (
                      <TestAndRemove
                        name={alert.name}
                        remove="Delete"
                        onTest={() => setOpen({ kind: "test", alert })}
                        onRemove={() => setOpen({ kind: "delete", alert })}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {open?.kind === "create" && <CreateDialog close={close} />}
      {open?.kind === "test" && (
        <TestDialog name={open.alert.name} path={`/alerts/${open.alert.id}/test`} onClose={close} />
      )}
      {open?.kind === "delete" && (
        <ActionDialog
          title="Delete this webhook?"
          action="Delete"
          danger
          onClose={close}
          act={async () => {
            await callApi("DELETE", `/alerts/${open.alert.id}`);
            close();
          }}
        >
          <p>
            <b class="breakable">{open.alert.name}</b> gets no more alerts.
          </p>
        </ActionDialog>
      )}
    </>
  );
}

function Firing({ firing }: Pick<Alerts, "firing">) {
  if (firing.length === 0) {
    return (
      <p role="status" class="lead">
        <Badge tone="good">nothing is wrong</Badge>
      </p>
    );
  }
  return (
    <Table
      caption="What is wrong now"
      rows={firing}
      keyOf={({ tunnel, kind, subject }) => `${tunnel ?? ""} ${kind} ${subject ?? ""}`}
      columns={[
        { title: "Kind", cell: ({ kind }) => <Badge tone="bad">{kind}</Badge> },
        { title: "What", cell: ({ summary }) => <span class="breakable">{summary}</span> },
        { title: "Since", cell: ({ since }) => <Time at={since} /> },
      ]}
    />
  );
}

function State({ lastError, lastSentAt }: Alert) {
  if (lastError !== null) return <Failing error={lastError} />;
  return lastSentAt === null ? <span class="faint">nothing sent yet</span> : <Time at={lastSentAt} />;
}

function CreateDialog({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [format, setFormat] = useState("json");
  const read = (set: (value: string) => void) => (event: InputEvent) =>
    set((event.currentTarget as HTMLInputElement | HTMLSelectElement).value);
  return (
    <ActionDialog
      title="Add a webhook"
      action="Add it"
      onClose={close}
      act={async () => {
        await callApi("POST", "/alerts", { body: { name, url, format } });
        close();
      }}
    >
      <label for="alert-name">Name</label>
      <input id="alert-name" value={name} required autocomplete="off" onInput={read(setName)} />
      <label for="alert-url">URL</label>
      <input id="alert-url" type="url" value={url} required autocomplete="off" onInput={read(setUrl)} />
      <label for="alert-format">Format</label>
      <select id="alert-format" value={format} onInput={read(setFormat)}>
        <option value="json">JSON</option>
        <option value="slack">Slack's message</option>
      </select>
    </ActionDialog>
  );
}
