import type { Delivery, LogDestination } from "../api-types.ts";
import { numberText } from "../parts/format.ts";
import { PageTitle } from "../navigation.tsx";
import { Badge, Empty, Failing, Failure, Loading, Table, Time } from "../parts/parts.tsx";
import { usePaged } from "../parts/use-paged.ts";

export function DestinationsPage() {
  const { items, hasMore, error, loadMore, reload } = usePaged<LogDestination>("/log-destinations");
  return (
    <>
      <PageTitle title="Log destinations">
        <button type="button" class="small" onClick={reload}>
          Refresh
        </button>
      </PageTitle>
      <p class="lead">
        Where the log of all requests is sent. <code>culvert log-destination</code> changes them.
      </p>
      {error !== null && <Failure error={error} retry={reload} />}
      {items === null && error === null && <Loading what="the destinations" />}
      {items?.length === 0 && (
        <Empty title="The log is sent nowhere">
          <p>
            It is on the Worker's console. <code>culvert log-destination create</code> sends it to
            OpenTelemetry, Datadog, Splunk, Loki or a webhook too.
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
          ]}
        />
      )}
      {hasMore && (
        <button type="button" onClick={loadMore}>
          Show more
        </button>
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
