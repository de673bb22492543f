import type { Connector } from "../api-types.ts";
import { Link } from "../navigation.tsx";
import { durationText, millisecondsText, Badge, Empty, Table } from "../parts/index.ts";

/** Further rows are shown on request. */
const MAX_ROWS = 20;

interface ConnectorsProps {
  tunnelId: string;
  connectors: readonly Connector[];
}

export function ConnectorsTable({ tunnelId, connectors }: ConnectorsProps) {
  if (connectors.length === 0) {
    return (
      <Empty title="No connector is attached">
        <p>
          <code>culvert connect</code>, started with a token of this tunnel, shows up here within a second.
        </p>
      </Empty>
    );
  }
  return (
    <Table
      caption="Connectors"
      rows={connectors}
      maxRows={MAX_ROWS}
      keyOf={({ id }) => id}
      columns={[
        {
          title: "Connector",
          cell: ({ id, name }) => (
            <span class="stacked">
              <Link to={{ page: "tunnel", tunnelId, view: "requests", filter: { connector: id } }}>
                <span class="breakable">{name ?? id}</span>
              </Link>
              {name !== null && <code class="faint breakable">{id}</code>}
            </span>
          ),
        },
        { title: "Machine", cell: (connector) => <Machine {...connector} /> },
        {
          title: "Version",
          isBrief: true,
          cell: ({ version, build }) => (
            <span class="breakable" title={build === null ? undefined : `build ${build}`}>
              {version}
            </span>
          ),
        },
        {
          title: "Attached for",
          isBrief: true,
          cell: ({ connectedAt }) => (
            <span title={connectedAt}>{durationText(Math.max(0, Date.now() - Date.parse(connectedAt)))}</span>
          ),
        },
        { title: "Load", cell: (connector) => <Load {...connector} /> },
        {
          title: "Round trip",
          isNumber: true,
          cell: ({ roundTripMs }) => millisecondsText(roundTripMs),
        },
        { title: "Checks", cell: ({ health }) => <Checks {...health} /> },
      ]}
    />
  );
}

/** The connector's machine, and the addresses from which it came to the relay. Connectors of version 0.1 do not send it. */
function Machine({ name, host, platform, addresses }: Connector) {
  // A connector without a name of its own has its host's name.
  const what = [host === name ? null : host, platform].filter((text) => text !== null).join(", ");
  if (what === "" && addresses.length === 0) return <span class="faint">–</span>;
  return (
    <span class="stacked">
      {what !== "" && <span class="breakable">{what}</span>}
      {addresses.length > 0 && <code class="faint breakable">{addresses.join(" ")}</code>}
    </span>
  );
}

function Load({ openStreams, maxStreams }: Connector) {
  return (
    <span class="load">
      <meter
        min={0}
        max={Math.max(1, maxStreams)}
        high={maxStreams * 0.8}
        value={openStreams}
        aria-hidden="true"
      />
      {openStreams} of {maxStreams}
    </span>
  );
}

function Checks({ passing, pending, failing }: Connector["health"]) {
  if (passing + pending + failing.length === 0) return <span class="faint">none</span>;
  return (
    <span class="badges">
      {failing.length > 0 && <Badge tone="bad">{failing.length} failing</Badge>}
      {passing > 0 && <Badge tone="good">{passing} passing</Badge>}
      {pending > 0 && <Badge tone="idle">{pending} pending</Badge>}
    </span>
  );
}
