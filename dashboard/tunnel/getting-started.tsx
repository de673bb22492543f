import type { Child } from "hono/jsx/dom";
import { connectLine, containerLines, envFileOf } from "../../shared/terminal/connector-lines.ts";
import { get } from "../api.ts";
import type { Page, Traffic, TunnelDetails } from "../api-types.ts";
import { Link } from "../navigation.tsx";
import { CodeLine, usePolled } from "../parts/index.ts";
import type { TunnelView } from "../route.ts";
import { type StartStep, startSteps, type StepName } from "./start-steps.ts";

const REFRESH_MS = 5_000;
/** How long requests are kept. For an older tunnel it is not known whether it ever had one. */
const KEPT_MS = 7 * 24 * 60 * 60_000;

const TITLES: Record<StepName, string> = {
  token: "A token",
  connector: "A connector",
  service: "A first service",
  request: "A first request",
};

/** The steps that are left until a new tunnel's first request; null after that, and for older tunnels. */
export function useFirstSteps(tunnel: TunnelDetails, recent: Traffic | null): StartStep[] | null {
  const isNew = Date.now() - Date.parse(tunnel.createdAt) < KEPT_MS;
  const hasTraffic = recent?.points.some(({ requests }) => requests > 0) === true;
  const isAsking = isNew && !hasTraffic;
  const path = `/tunnels/${tunnel.id}/requests?limit=1`;
  const kept = usePolled(
    isAsking ? path : "",
    async (signal) => (isAsking ? (await get<Page<object>>(path, signal)).items.length > 0 : true),
    isAsking ? REFRESH_MS : null,
  ).data;
  // A tunnel that has carried a request is not new, whatever is missing now.
  return !isNew || kept !== false || hasTraffic ? null : startSteps(tunnel);
}

/** Guides a person from a new tunnel to its first request. */
export function FirstSteps({ tunnel, steps }: { tunnel: TunnelDetails; steps: readonly StartStep[] }) {
  const next = steps.find(({ isDone }) => !isDone)?.name;
  return (
    <section class="getting-started" aria-labelledby="start-title">
      <h2 id="start-title">To the first request</h2>
      <ol>
        {steps.map(({ name, isDone, state }) => (
          <li
            class={isDone ? "done" : name === next ? "next" : "later"}
            aria-current={name === next ? "step" : undefined}
          >
            <p>
              <b>{TITLES[name]}</b>{" "}
              <span class="step-state" role="status">
                <span class="unseen">{isDone ? "done:" : "open:"}</span> {state}
              </span>
            </p>
            {!isDone && <Help name={name} tunnel={tunnel} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Help({ name, tunnel }: { name: StepName; tunnel: TunnelDetails }) {
  const view = (to: Exclude<TunnelView, "requests">, text: string): Child => (
    <Link to={{ page: "tunnel", tunnelId: tunnel.id, view: to }}>{text}</Link>
  );
  const file = envFileOf(tunnel.name);
  switch (name) {
    case "token":
      return <p>{view("tokens", "Create one")}: it was shown once, when it was created.</p>;
    case "connector":
      return (
        <>
          <p>
            On a machine that reaches your services, with <code>TUNNEL_TOKEN</code> and{" "}
            <code>TUNNEL_ALLOW</code> in <code>{file}</code>:
          </p>
          <CodeLine text={connectLine(file)} what="the command" />
          {location.protocol === "https:" && (
            <>
              <p>Or in a container:</p>
              <CodeLine text={containerLines(file)} what="the container's command" />
            </>
          )}
          <p class="help">The token is lost? {view("tokens", "Create another")}.</p>
        </>
      );
    case "service":
      return (
        <p>
          {view("services", "Name one, where it leads and who may call it")}: before that nothing is open.
        </p>
      );
    case "request":
      return (
        <>
          <p>
            From a gateway Worker: <code>env.TUNNEL.fetch(…)</code>. From elsewhere, with a{" "}
            <Link to={{ page: "keys" }}>gateway key</Link>:
          </p>
          <CodeLine
            text={`curl -H "culvert-gateway-key: $GATEWAY_KEY" ${location.origin}/~/${tunnel.id}/${tunnel.services[0] ?? "SERVICE"}/`}
            what="the command"
          />
        </>
      );
  }
}
