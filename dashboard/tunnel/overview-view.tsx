import { useState } from "hono/jsx/dom";
import type { ServiceTraffic, Traffic, TunnelDetails } from "../api-types.ts";
import { Link } from "../navigation.tsx";
import { latencyText, numberText, Badge, Empty, Table, Time } from "../parts/index.ts";
import { ConnectorsTable } from "./connectors-table.tsx";
import { ObjectsSection } from "./objects-section.tsx";
import { FirstSteps, useFirstSteps } from "./getting-started.tsx";
import { TrafficSection } from "./traffic-section.tsx";
import {
  HOPS,
  type Hop,
  type HopState,
  serviceVerdict,
  type Tone,
  verdictOf,
} from "../../shared/verdict/verdict.ts";

export function OverviewView({ tunnel, recent }: { tunnel: TunnelDetails; recent: Traffic | null }) {
  const [traffic, setTraffic] = useState<Traffic | null>(null);
  const steps = useFirstSteps(tunnel, recent);
  // An empty list would only repeat what the first steps say.
  const isGuided = steps !== null;
  return (
    <>
      <VerdictBox tunnel={tunnel} traffic={recent} />
      {steps !== null && <FirstSteps tunnel={tunnel} steps={steps} />}
      {!isGuided && <TrafficSection tunnel={tunnel} onTraffic={setTraffic} />}
      {(!isGuided || tunnel.connectors.length > 0) && (
        <section aria-labelledby="connectors-title">
          <h2 id="connectors-title">Connectors</h2>
          <ConnectorsTable tunnelId={tunnel.id} connectors={tunnel.connectors} />
        </section>
      )}
      <ObjectsSection objects={tunnel.objects} />
      {(!isGuided || tunnel.services.length > 0) && (
        <section aria-labelledby="health-title">
          <h2 id="health-title">Health of the services</h2>
          <ServiceHealth tunnel={tunnel} traffic={traffic} />
        </section>
      )}
    </>
  );
}

const HOP_TITLES: Record<Hop, string> = {
  rules: "Relay and its rules",
  connectors: "Connectors",
  services: "Services",
};

const TONE_WORDS: Record<Tone, string> = {
  good: "well",
  idle: "idle",
  warn: "needs a look",
  bad: "at fault",
};

/** Answers at a glance whether the tunnel works, and if not, which hop is at fault. */
function VerdictBox({ tunnel, traffic }: { tunnel: TunnelDetails; traffic: Traffic | null }) {
  const { tone, title, detail, since, hops } = verdictOf(tunnel, traffic);
  return (
    <section class={`verdict ${tone}`} aria-label="State of the tunnel">
      <div role="status">
        <p class="verdict-title">{title}</p>
        <p>
          {detail}
          {since !== null && (
            <>
              {" "}
              Since <Time at={since} />.
            </>
          )}
        </p>
      </div>
      <ol class="hops" aria-label="The path of a request">
        {HOPS.map((hop) => (
          <li class={hops[hop].tone}>
            <span class="hop-title">
              {HOP_TITLES[hop]} <span class="unseen">{TONE_WORDS[hops[hop].tone]}</span>
            </span>
            <span class="hop-text">{hops[hop].text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Further rows are shown on request. */
const MAX_ROWS = 20;

interface ServiceRow {
  service: string;
  failures: string[];
  verdict: HopState;
  traffic: ServiceTraffic | null;
}

function ServiceHealth({ tunnel, traffic }: { tunnel: TunnelDetails; traffic: Traffic | null }) {
  if (tunnel.services.length === 0) return <Empty title="There is no service in the services file" />;
  const rows = tunnel.services.map((service): ServiceRow => {
    const reasons = tunnel.connectors.flatMap(({ health }) =>
      health.failing.filter((failure) => failure.service === service).map(({ reason }) => reason),
    );
    const seen =
      traffic?.services.find((entry) => entry.service.toLowerCase() === service.toLowerCase()) ?? null;
    const verdict = serviceVerdict(tunnel, traffic, service);
    return { service, failures: [...new Set(reasons)], verdict, traffic: seen };
  });
  // The API only tells how many checks are pending, not which.
  const isPending =
    tunnel.connectors.length > 0 &&
    tunnel.connectors.every(({ health }) => health.passing === 0 && health.pending > 0);
  return (
    <Table
      caption="Services"
      rows={rows}
      maxRows={MAX_ROWS}
      keyOf={({ service }) => service}
      columns={[
        {
          title: "Service",
          cell: ({ service }) => (
            <span class="breakable">
              <Link to={{ page: "tunnel", tunnelId: tunnel.id, view: "requests", filter: { service } }}>
                {service}
              </Link>
            </span>
          ),
        },
        {
          title: "State",
          cell: ({ verdict, failures }) => {
            if (verdict.tone === "good" && isPending) return <Badge tone="idle">pending</Badge>;
            return (
              <span class="badges">
                <Badge tone={verdict.tone}>{verdict.text}</Badge>
                {failures.length > 0 && <code>{failures.join(" ")}</code>}
              </span>
            );
          },
        },
        { title: "Requests", isNumber: true, cell: (row) => numberText(row.traffic?.requests ?? 0) },
        { title: "Errors", isNumber: true, cell: (row) => numberText(row.traffic?.errors ?? 0) },
        { title: "p50", isNumber: true, cell: (row) => latencyText(row.traffic?.p50Ms ?? null) },
        { title: "p99", isNumber: true, cell: (row) => latencyText(row.traffic?.p99Ms ?? null) },
      ]}
    />
  );
}
