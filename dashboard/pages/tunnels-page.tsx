import { useState } from "hono/jsx/dom";
import { callApi, get } from "../api.ts";
import { VERDICT_WINDOW_MINUTES } from "../../shared/verdict/verdict.ts";
import { Sparkline } from "../charts/index.ts";
import {
  numberText,
  CodeLine,
  ActionDialog,
  Empty,
  Failure,
  Loading,
  SecretDialog,
  Table,
  Time,
  usePaged,
  usePolled,
} from "../parts/index.ts";
import type { NewToken, Traffic, TunnelDetails, TunnelSummary } from "../api-types.ts";
import { connectLine, envFileOf, envLines, keepLine } from "../../shared/terminal/connector-lines.ts";
import { Link, navigate, PageTitle } from "../navigation.tsx";
import { useCanEdit } from "../session.ts";
import { recentTraffic, VerdictBadge } from "../tunnel/index.ts";

const REFRESH_MS = 30_000;
/** Each request asks one object of the relay. With this many at a time, a page of fifty tunnels still loads quickly. */
const AT_ONCE = 6;

export function TunnelsPage() {
  const tunnels = usePaged<TunnelSummary>("/tunnels");
  const [isCreating, setCreating] = useState(false);
  const canEdit = useCanEdit();
  return (
    <>
      <PageTitle title="Tunnels">
        {canEdit && (
          <button type="button" class="primary" onClick={() => setCreating(true)}>
            Create a tunnel
          </button>
        )}
      </PageTitle>
      {tunnels.error !== null && <Failure error={tunnels.error} retry={tunnels.reload} />}
      {tunnels.items === null && tunnels.error === null && <Loading what="the tunnels" />}
      {tunnels.items !== null && <TunnelList tunnels={tunnels.items} />}
      {tunnels.hasMore && (
        <button type="button" onClick={tunnels.loadMore}>
          Show more
        </button>
      )}
      {isCreating && <CreateTunnel onClose={() => setCreating(false)} />}
    </>
  );
}

function TunnelList({ tunnels }: { tunnels: readonly TunnelSummary[] }) {
  const details = usePolled(
    tunnels.map(({ id }) => id).join(),
    (signal) => detailsOf(tunnels, signal),
    REFRESH_MS,
  ).data;
  if (tunnels.length === 0) {
    return (
      <Empty title="There is no tunnel yet">
        <p>
          A tunnel leads from your gateways to one private network. Create one to get a connector's token.
        </p>
      </Empty>
    );
  }
  const known = (id: string) => details?.get(id) ?? null;
  return (
    <Table
      caption="Tunnels"
      rows={tunnels}
      keyOf={({ id }) => id}
      columns={[
        {
          title: "Name",
          cell: ({ id, name }) => (
            <div class="stacked">
              <Link to={{ page: "tunnel", tunnelId: id, view: "overview" }}>{name}</Link>
              <code class="faint">{id}</code>
            </div>
          ),
        },
        { title: "Status", cell: ({ id }) => <Status known={known(id)} /> },
        {
          title: "Connectors",
          isNumber: true,
          cell: ({ id }) => known(id)?.details.connectors.length ?? "–",
        },
        { title: "Services", isNumber: true, cell: ({ id }) => known(id)?.details.services.length ?? "–" },
        {
          title: `Requests, ${VERDICT_WINDOW_MINUTES} min`,
          isNumber: true,
          cell: ({ id }) => (
            <span class="with-line">
              <Sparkline values={shapeOf(known(id))} /> {sumOf(known(id), "requests")}
            </span>
          ),
        },
        { title: "Errors", isNumber: true, cell: ({ id }) => sumOf(known(id), "errors") },
        { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
      ]}
    />
  );
}

function Status({ known }: { known: Known | null }) {
  if (known === null) return <span class="faint">…</span>;
  return <VerdictBadge tunnel={known.details} traffic={known.traffic} />;
}

function sumOf(known: Known | null, what: "requests" | "errors"): string {
  if (known === null || known.traffic === null) return "–";
  return numberText(known.traffic.points.reduce((total, point) => total + point[what], 0));
}

/** A sparkline with fewer steps would have no shape. */
const SHAPE_STEPS = 3;

function shapeOf(known: Known | null): number[] {
  const shape: number[] = [];
  for (const [index, { requests }] of (known?.traffic?.points ?? []).entries()) {
    const at = Math.floor(index / SHAPE_STEPS);
    shape[at] = (shape[at] ?? 0) + requests;
  }
  return shape;
}

interface Known {
  details: TunnelDetails;
  /** The traffic of the last minutes; null if it is not available. */
  traffic: Traffic | null;
}

/** The details that are available. A tunnel that does not answer must not hide the others. */
async function detailsOf(
  tunnels: readonly TunnelSummary[],
  signal: AbortSignal,
): Promise<Map<string, Known>> {
  const found = new Map<string, Known>();
  const waiting = [...tunnels];
  const ask = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [details, traffic] = await Promise.all([
        get<TunnelDetails>(`/tunnels/${next.id}`, signal).catch(() => null),
        recentTraffic(next.id, signal).catch(() => null),
      ]);
      if (details !== null) found.set(next.id, { details, traffic });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return found;
}

function CreateTunnel({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [created, setCreated] = useState<(TunnelSummary & NewToken) | null>(null);
  if (created !== null) {
    return (
      <SecretDialog
        title={`The token of ${created.name}`}
        secret={created.token}
        what="the token"
        onClose={() => navigate({ page: "tunnel", tunnelId: created.id, view: "overview" })}
      >
        <p>
          Keep it in a file on a machine that reaches your services, with the list of what the connector may
          reach. Run the first line there, paste the two lines below it, press Ctrl-D, and start the
          connector:
        </p>
        <CodeLine text={keepLine(envFileOf(created.name))} what="the line that keeps it" />
        <CodeLine text={envLines(created.token)} what="the connector's settings" />
        <CodeLine text={connectLine(envFileOf(created.name))} what="the connector's command" />
        <p class="help">The next page shows when it is attached, and what to do next.</p>
      </SecretDialog>
    );
  }
  return (
    <ActionDialog
      title="Create a tunnel"
      action="Create"
      disabled={name.trim() === ""}
      onClose={onClose}
      act={async () => {
        const { body } = await callApi<TunnelSummary & NewToken>("POST", "/tunnels", {
          body: { name: name.trim() },
        });
        setCreated(body);
      }}
    >
      <label for="tunnel-name">Name</label>
      <input
        id="tunnel-name"
        value={name}
        maxlength={64}
        autocomplete="off"
        required
        onInput={({ currentTarget }: InputEvent) => setName((currentTarget as HTMLInputElement).value)}
      />
      <p class="help">For people: letters, digits, spaces and . _ -</p>
    </ActionDialog>
  );
}
