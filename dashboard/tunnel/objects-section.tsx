import type { TunnelObject } from "../api-types.ts";
import { millisecondsText, numberText, Badge, Table } from "../parts/index.ts";
import type { Tone } from "../../shared/verdict/verdict.ts";

const TONES: Record<TunnelObject["phase"], Tone> = { attaching: "idle", serving: "good", leaving: "idle" };

/** The Durable Objects that carry a tunnel: their places, their connectors, and their load. */
export function ObjectsSection({ objects }: { objects: readonly TunnelObject[] }) {
  return (
    <section aria-labelledby="objects-title">
      <h2 id="objects-title">Objects</h2>
      <Table
        caption="Objects"
        rows={objects}
        keyOf={({ name }) => name}
        columns={[
          { title: "Object", cell: ({ name }) => <code class="breakable">{name}</code> },
          { title: "State", cell: (object) => <State {...object} /> },
          { title: "Wanted in", cell: ({ location }) => location ?? "–" },
          {
            title: "Connectors arrive at",
            cell: ({ dataCentres }) => (dataCentres.length === 0 ? "–" : dataCentres.join(" ")),
          },
          { title: "Connections", isNumber: true, cell: known(({ connections }) => numberText(connections)) },
          {
            title: "Requests/s",
            isNumber: true,
            cell: known(({ requestsPerSecond }) => numberText(requestsPerSecond)),
          },
          {
            title: "Round trip",
            isNumber: true,
            cell: ({ roundTripMs }) => millisecondsText(roundTripMs),
          },
        ]}
      />
    </section>
  );
}

function known(text: (object: TunnelObject) => string) {
  return (object: TunnelObject) => (object.answering ? text(object) : "–");
}

function State({ phase, answering, exists }: TunnelObject) {
  if (!answering) return <Badge tone="bad">does not answer</Badge>;
  return <Badge tone={exists ? TONES[phase] : "idle"}>{exists ? phase : "not called yet"}</Badge>;
}
