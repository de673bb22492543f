import { useState } from "hono/jsx/dom";
import { ApiFailure, callApi, get } from "../api.ts";
import type { Traffic, TunnelDetails } from "../api-types.ts";
import { Capturing } from "../capture/capturing.tsx";
import { Link, navigate, PageTitle } from "../navigation.tsx";
import { ActionDialog, CopyButton, Empty, Failure, Loading, Stale, usePolled } from "../parts/index.ts";
import { type Route, TUNNEL_VIEWS, type TunnelView } from "../route.ts";
import { useCanEdit } from "../session.ts";
import { LiveView } from "./live/live-view.tsx";
import { OverviewView } from "./overview-view.tsx";
import { RequestsView } from "./requests-view.tsx";
import { ServicesView } from "../services/index.ts";
import { TokensView } from "./tokens-view.tsx";
import { recentTraffic, VerdictBadge } from "./verdict-badge.tsx";

const REFRESH_MS = 5_000;
const RECENT_MS = 10_000;

const VIEW_TITLES: Record<TunnelView, string> = {
  overview: "Overview",
  live: "Live requests",
  requests: "Requests",
  services: "Services and access",
  tokens: "Tokens",
};

export type TunnelRoute = Extract<Route, { page: "tunnel" }>;

export function TunnelPage({ route }: { route: TunnelRoute }) {
  const { tunnelId, view } = route;
  const path = `/tunnels/${encodeURIComponent(tunnelId)}`;
  const tunnel = usePolled(path, (signal) => get<TunnelDetails>(path, signal), REFRESH_MS);
  const recent = usePolled(`${path} recent`, (signal) => recentTraffic(tunnelId, signal), RECENT_MS);
  const [isDeleting, setDeleting] = useState(false);
  const canEdit = useCanEdit();
  const { data, error, reload } = tunnel;

  if (error instanceof ApiFailure && error.code === "NOT_FOUND") {
    return (
      <>
        <PageTitle title="No such tunnel" />
        <Empty title="There is no tunnel with this id">
          <p>
            It may have been deleted. <Link to={{ page: "tunnels" }}>To the tunnels</Link>
          </p>
        </Empty>
      </>
    );
  }
  if (data === null) {
    return (
      <>
        <PageTitle title="Tunnel" />
        {error === null ? <Loading what="the tunnel" /> : <Failure error={error} retry={reload} />}
      </>
    );
  }
  return (
    <>
      <PageTitle title={data.name}>
        <VerdictBadge tunnel={data} traffic={recent.data} />
        <span class="id">
          <code>{data.id}</code>
          <CopyButton text={data.id} what="the tunnel's id" />
        </span>
        {canEdit && (
          <button type="button" class="small danger push" onClick={() => setDeleting(true)}>
            Delete
          </button>
        )}
      </PageTitle>
      <nav class="tabs" aria-label="Views of this tunnel">
        {TUNNEL_VIEWS.map((name) => (
          <Link to={{ page: "tunnel", tunnelId, view: name }} current={name === view}>
            {VIEW_TITLES[name]}
          </Link>
        ))}
      </nav>
      <Stale error={error} />
      <Capturing tunnel={data} reload={reload} />
      <View route={route} tunnel={data} recent={recent.data} reload={reload} />
      {isDeleting && <DeleteTunnel tunnel={data} onClose={() => setDeleting(false)} />}
    </>
  );
}

interface ViewProps {
  route: TunnelRoute;
  tunnel: TunnelDetails;
  recent: Traffic | null;
  reload: () => void;
}

function View({ route, tunnel, recent, reload }: ViewProps) {
  switch (route.view) {
    case "overview":
      return <OverviewView tunnel={tunnel} recent={recent} />;
    case "live":
      return <LiveView key={tunnel.id} tunnel={tunnel} />;
    case "requests":
      return (
        <RequestsView
          key={tunnel.id}
          tunnel={tunnel}
          reload={reload}
          filter={route.filter ?? {}}
          requestId={route.requestId ?? null}
        />
      );
    case "services":
      return <ServicesView key={tunnel.id} tunnelId={tunnel.id} onSaved={reload} />;
    case "tokens":
      return <TokensView tunnel={tunnel} onChange={reload} />;
  }
}

function DeleteTunnel({ tunnel, onClose }: { tunnel: TunnelDetails; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  return (
    <ActionDialog
      title={`Delete ${tunnel.name}?`}
      action="Delete the tunnel"
      danger
      disabled={typed !== tunnel.name}
      onClose={onClose}
      act={async () => {
        await callApi("DELETE", `/tunnels/${tunnel.id}`);
        navigate({ page: "tunnels" });
      }}
    >
      <p>
        Its tokens and its services file go too, and its {tunnel.connectors.length} connectors are cut. This
        cannot be undone.
      </p>
      <label for="confirm-name">
        Type <strong>{tunnel.name}</strong> to confirm
      </label>
      <input
        id="confirm-name"
        value={typed}
        autocomplete="off"
        onInput={({ currentTarget }: InputEvent) => setTyped((currentTarget as HTMLInputElement).value)}
      />
    </ActionDialog>
  );
}
