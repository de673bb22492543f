import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import type { Delivery, LogDestination } from "../api-types.ts";
import {
  numberText,
  ActionDialog,
  Badge,
  Empty,
  Failing,
  Failure,
  Loading,
  Table,
  Time,
  TestDialog,
  usePaged,
  TestAndRemove,
} from "../parts/index.ts";
import { PageTitle } from "../navigation.tsx";
import { useCanEdit } from "../session.ts";
import { CreateDestination } from "./destination-form.tsx";

type Open = { kind: "create" } | { kind: "test" | "delete"; destination: LogDestination } | null;

export function DestinationsPage() {
  const { items, hasMore, error, loadMore, reload } = usePaged<LogDestination>("/log-destinations");
  const [open, setOpen] = useState<Open>(null);
  const canEdit = useCanEdit();
  const close = () => {
    setOpen(null);
    reload();
  };
  return (
    <>
      <PageTitle title="Log destinations">
        <button type="button" class="small" onClick={reload}>
          Refresh
        </button>
        {canEdit && (
          <button type="button" class="primary" onClick={() => setOpen({ kind: "create" })}>
            Add a destination
          </button>
        )}
      </PageTitle>
      <p class="lead">Where the log of all requests is sent.</p>
      {error !== null && <Failure error={error} retry={reload} />}
      {items === null && error === null && <Loading what="the destinations" />}
      {items?.length === 0 && (
        <Empty title="No log destination">
          <p>
            It is on the Worker's console. Add a destination here, or with{" "}
            <code>culvert log-destination create</code>: OpenTelemetry, Datadog, Splunk, Loki or a webhook.
          </p>
        </Empty>
      )}
      {items !== null && items.length > 0 && (
        <Table
          caption="Log destinations"
          rows={items}
          keyOf={({ id }) => id}
          columns={[
            { title: "Name", cell: ({ name }) => <b class="breakable">{name}</b> },
            { title: "Kind", cell: ({ kind }) => kind },
            { title: "Address", cell: ({ url }) => <code class="breakable">{url}</code> },
            { title: "Events", cell: ({ events }) => events },
            { title: "State", cell: ({ delivery }) => <State {...delivery} /> },
            { title: "Waiting", isNumber: true, cell: ({ delivery }) => numberText(delivery.backlog) },
            { title: "Sent", isNumber: true, cell: ({ delivery }) => numberText(delivery.shipped) },
            {
              title: "Lost",
              isNumber: true,
              cell: ({ delivery }) => numberText(delivery.lost + delivery.rejected),
            },
            ...(canEdit
              ? [
                  {
                    title: "",
                    cell: (one: LogDestination) => (
                      <TestAndRemove
                        name={one.name}
                        remove="Remove"
                        onTest={() => setOpen({ kind: "test", destination: one })}
                        onRemove={() => setOpen({ kind: "delete", destination: one })}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {hasMore && (
        <button type="button" onClick={loadMore}>
          Show more
        </button>
      )}
      {open?.kind === "create" && <CreateDestination onClose={() => setOpen(null)} onCreated={close} />}
      {open?.kind === "test" && (
        <TestDialog
          name={open.destination.name}
          path={`/log-destinations/${open.destination.id}/test`}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.kind === "delete" && (
        <ActionDialog
          title="Remove this destination?"
          action="Remove"
          danger
          onClose={() => setOpen(null)}
          act={async () => {
            await callApi("DELETE", `/log-destinations/${open.destination.id}`);
            close();
          }}
        >
          <p>
            <b class="breakable">{open.destination.name}</b> gets no more events, not even the{" "}
            {numberText(open.destination.delivery.backlog)} events that are waiting for it.
          </p>
        </ActionDialog>
      )}
    </>
  );
}

function State({ lastError, lastSuccessAt }: Delivery) {
  if (lastError !== null) return <Failing error={lastError} />;
  if (lastSuccessAt === null) return <span class="faint">nothing sent yet</span>;
  return (
    <span class="badges">
      <Badge tone="good">well</Badge>
      <Time at={lastSuccessAt} />
    </span>
  );
}
