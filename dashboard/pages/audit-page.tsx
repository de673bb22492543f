import type { AuditEntry } from "../api-types.ts";
import { timeText, Empty, Failure, Loading, Table, usePaged } from "../parts/index.ts";
import { PageTitle } from "../navigation.tsx";

export function AuditPage() {
  const { items, hasMore, error, loadMore, reload } = usePaged<AuditEntry>("/audit-log");
  return (
    <>
      <PageTitle title="Audit log">
        <button type="button" class="small" onClick={reload}>
          Refresh
        </button>
      </PageTitle>
      <p class="lead">Who changed what and when, newest first.</p>
      {error !== null && <Failure error={error} retry={reload} />}
      {items === null && error === null && <Loading what="the audit log" />}
      {items?.length === 0 && <Empty title="Nothing has been changed yet" />}
      {items !== null && items.length > 0 && (
        <Table
          caption="Changes"
          rows={items}
          keyOf={({ id }) => String(id)}
          columns={[
            { title: "When", cell: ({ at }) => <time datetime={at}>{timeText(at)}</time> },
            { title: "What", cell: ({ action }) => <code>{action}</code> },
            { title: "Of", cell: ({ target }) => <code class="breakable">{target}</code> },
            { title: "Before", cell: ({ before }) => <Facts facts={before} /> },
            { title: "After", cell: ({ after }) => <Facts facts={after} /> },
            {
              title: "By",
              cell: ({ actor, actorName, address }) => (
                <span class="stacked">
                  {actorName !== null && <span class="breakable">{actorName}</span>}
                  <code>{actor}</code>
                  {address !== "" && <span class="faint breakable">{address}</span>}
                </span>
              ),
            },
          ]}
        />
      )}
      {hasMore && (
        <button type="button" onClick={loadMore}>
          Older entries
        </button>
      )}
    </>
  );
}

function Facts({ facts }: { facts: AuditEntry["after"] }) {
  if (facts === null) return <span class="faint">–</span>;
  return (
    <ul class="plain">
      {Object.entries(facts).map(([name, value]) => (
        <li>
          <span class="faint">{name}</span> <span class="breakable">{String(value ?? "none")}</span>
        </li>
      ))}
    </ul>
  );
}
