import { callers, type Network, type Service, type ServicesFile } from "../../shared/services/index.ts";
import { Empty, Table } from "../parts/index.ts";

/** Further rows are shown on request. */
const MAX_ROWS = 20;

type Row = { name: string; leadsTo: string; rule: Service | Network };

export function AccessTable({ file }: { file: ServicesFile }) {
  const rows: Row[] = [
    ...file.services.map((rule) => ({ name: rule.name, leadsTo: rule.endpoint, rule })),
    ...(file.networks ?? []).map((rule) => ({ name: "network", leadsTo: rule.hosts.join(", "), rule })),
  ];
  if (rows.length === 0) {
    return (
      <Empty title="No access">
        <p>The tunnel refuses what no rule allows: without a services file it carries no traffic.</p>
      </Empty>
    );
  }
  return (
    <Table
      caption="Services and who may call them"
      rows={rows}
      maxRows={MAX_ROWS}
      keyOf={({ name, leadsTo }) => `${name} ${leadsTo}`}
      columns={[
        { title: "Service", cell: ({ name }) => <b>{name}</b> },
        { title: "Leads to", cell: ({ leadsTo }) => <code class="breakable">{leadsTo}</code> },
        {
          title: "Open to",
          cell: ({ rule }) => {
            const all = callers(rule.configurations);
            if (all.length === 0) return <span class="faint">nobody</span>;
            return (
              <ul class="plain">
                {all.map((caller) => (
                  <li>{caller}</li>
                ))}
              </ul>
            );
          },
        },
      ]}
    />
  );
}
