import { percentText } from "./percent-text.ts";

export type Tone = "good" | "warn" | "bad" | "idle";

/** The length of the traffic that the verdict uses. Everything that shows the verdict asks for the same. */
export const VERDICT_WINDOW_MINUTES = 15;

/** The part of the admin API's description of a tunnel that is needed here. */
export interface JudgedTunnel {
  status: "healthy" | "degraded" | "down" | "inactive";
  connectors: readonly {
    health: { passing: number; pending: number; failing: readonly { service: string; reason: string }[] };
  }[];
  services: readonly string[];
  servicesConfigurationVersion: number;
}

export interface JudgedTraffic {
  points: readonly { at: string; requests: number; errors: number }[];
  services: readonly { service: string; requests: number; errors: number }[];
  codes: readonly { code: string; count: number }[];
}

/** The hops of a request, in this order. */
export const HOPS = ["rules", "connectors", "services"] as const;

export type Hop = (typeof HOPS)[number];

export interface HopState {
  tone: Tone;
  /** In a few words. */
  text: string;
}

export interface Verdict {
  tone: Tone;
  title: string;
  /** What to do, or what it means. */
  detail: string;
  /** When the failures began; null if that is not known, or there are none. */
  since: string | null;
  hops: Record<Hop, HopState>;
}

/** The hop at fault for each code. For all others it is the upstreams. */
const HOP_OF_CODE: Readonly<Record<string, Hop>> = {
  ACCESS_DENIED: "rules",
  UNKNOWN_SERVICE: "rules",
  UNKNOWN_TUNNEL: "rules",
  BAD_REQUEST: "rules",
  BODY_TOO_LARGE: "rules",
  URI_TOO_LONG: "rules",
  FIELDS_TOO_LARGE: "rules",
  LOOP_DETECTED: "rules",
  RELAY_RESTART: "connectors",
  NO_CONNECTOR: "connectors",
  OVERLOADED: "connectors",
  CONNECTOR_OVERLOADED: "connectors",
  CONNECTOR_LOST: "connectors",
  UPSTREAM_NOT_ALLOWED: "connectors",
};

/** Fewer failures than this share of all requests are shown, but make no alarm. */
const NOTABLE_SHARE = 0.01;
const GRAVE_SHARE = 0.2;

/** Whether the tunnel works, and if not, which hop is at fault, from its current state and the traffic in the window. */
export function verdictOf(tunnel: JudgedTunnel, traffic: JudgedTraffic | null): Verdict {
  const hops: Record<Hop, HopState> = {
    rules: worse(rulesState(tunnel), trafficState("rules", traffic)),
    connectors: worse(connectorsState(tunnel), trafficState("connectors", traffic)),
    services: worse(servicesState(tunnel), trafficState("services", traffic)),
  };
  const [hop, { tone, text }] = HOPS.map((name) => [name, hops[name]] as const).reduce((worst, next) =>
    rank(...next) > rank(...worst) ? next : worst,
  );
  const isByTraffic = RANK[tone] >= RANK.warn && text === trafficState(hop, traffic).text;
  const since = isByTraffic ? failingSince(traffic?.points ?? []) : null;
  return { tone, hops, since, ...WORDS[hop][tone](text) };
}

const RANK: Record<Tone, number> = { good: 0, idle: 1, warn: 2, bad: 3 };

/** "No service is checked" says nothing about the tunnel, so it ranks lowest. */
function rank(hop: Hop, { tone }: HopState): number {
  return hop === "services" && tone === "idle" ? RANK.good : RANK[tone];
}

function worse(left: HopState, right: HopState): HopState {
  return RANK[right.tone] > RANK[left.tone] ? right : left;
}

type Words = (text: string) => { title: string; detail: string };

const well: Words = () => ({
  title: "Everything is fine",
  detail: "Connectors are attached, and no service has a known problem.",
});

const WORDS: Record<Hop, Record<Tone, Words>> = {
  rules: {
    good: well,
    idle: () => ({
      title: "Nothing is open yet",
      detail: "This tunnel carries no traffic until its services file says who may call what.",
    }),
    warn: (text) => ({ title: "Requests are refused by the rules", detail: sentence(text) }),
    bad: (text) => ({ title: "Requests are refused by the rules", detail: sentence(text) }),
  },
  connectors: {
    good: well,
    idle: () => ({
      title: "No connector has ever attached",
      detail: "Start one with this tunnel's token: culvert connect.",
    }),
    warn: (text) => ({ title: "Connectors need a look", detail: sentence(text) }),
    bad: (text) => ({ title: "The connectors are at fault", detail: sentence(text) }),
  },
  services: {
    good: well,
    idle: well,
    warn: (text) => ({ title: "Some services need a look", detail: sentence(text) }),
    bad: (text) => ({ title: "The services are at fault", detail: sentence(text) }),
  },
};

function sentence(text: string): string {
  return `${text}.`;
}

function rulesState({ services, servicesConfigurationVersion }: JudgedTunnel): HopState {
  if (servicesConfigurationVersion === 0) return { tone: "idle", text: "No services file" };
  return { tone: "good", text: count(services.length, "service") };
}

function connectorsState({ status, connectors }: JudgedTunnel): HopState {
  switch (status) {
    case "healthy":
      return { tone: "good", text: `${connectors.length} connectors` };
    case "degraded":
      return { tone: "warn", text: "One connector: if it goes, requests fail" };
    case "down":
      return { tone: "bad", text: "No connector is attached" };
    case "inactive":
      return { tone: "idle", text: "None yet" };
  }
}

function servicesState({ services, connectors }: JudgedTunnel): HopState {
  if (services.length === 0) return { tone: "idle", text: "No service to check" };
  if (connectors.length === 0) return { tone: "idle", text: "No connector to check them" };
  const failingOn = (service: string) =>
    connectors.filter(({ health }) => health.failing.some((failure) => failure.service === service)).length;
  const affected = services.filter((service) => failingOn(service) > 0);
  const dead = affected.filter((service) => failingOn(service) === connectors.length);
  if (dead.length > 0) return { tone: "bad", text: `${names(dead)}: the check fails on every connector` };
  if (affected.length > 0)
    return { tone: "warn", text: `${names(affected)}: the check fails on some connectors` };
  const sum = (what: "passing" | "pending") =>
    connectors.reduce((total, { health }) => total + health[what], 0);
  if (sum("pending") > 0) return { tone: "good", text: "Checks are still to come" };
  return sum("passing") > 0
    ? { tone: "good", text: "Checks pass" }
    : { tone: "idle", text: "No service is checked" };
}

/** The verdict on one service, from its checks and its requests. */
export function serviceVerdict(
  { connectors }: Pick<JudgedTunnel, "connectors">,
  traffic: JudgedTraffic | null,
  service: string,
): HopState {
  const failing = connectors.filter(({ health }) =>
    health.failing.some((failure) => failure.service === service),
  ).length;
  const checks: HopState =
    failing === 0
      ? { tone: "good", text: "no failure" }
      : {
          tone: failing === connectors.length ? "bad" : "warn",
          text: `check fails on ${failing} of ${connectors.length}`,
        };
  const seen = traffic?.services.find((entry) => entry.service.toLowerCase() === service.toLowerCase());
  const share = seen === undefined || seen.requests === 0 ? 0 : seen.errors / seen.requests;
  if (seen === undefined || share < NOTABLE_SHARE) {
    const isKnown = seen !== undefined && seen.requests > 0;
    const isChecked = connectors.some(({ health }) => health.passing > 0);
    return failing > 0 || isKnown || isChecked ? checks : { tone: "idle", text: "not known" };
  }
  return worse(checks, {
    tone: share >= GRAVE_SHARE ? "bad" : "warn",
    text: `${seen.errors} of ${seen.requests} failed`,
  });
}

/** When the current run of steps with failures began. Steps without a request do not end a run. */
function failingSince(points: JudgedTraffic["points"]): string | null {
  let since: string | null = null;
  for (const { at, requests, errors } of points.toReversed()) {
    if (requests === 0) continue;
    if (errors / requests < NOTABLE_SHARE) break;
    since = at;
  }
  return since;
}

function trafficState(hop: Hop, traffic: JudgedTraffic | null): HopState {
  const quiet: HopState = { tone: "good", text: "" };
  if (traffic === null) return quiet;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const own = traffic.codes.filter(({ code }) => (HOP_OF_CODE[code] ?? "services") === hop);
  const errors = sum(traffic.points.map((point) => point.errors));
  // Errors without a code are the upstreams' own answers.
  const bare =
    hop === "services" ? Math.max(0, errors - sum(traffic.codes.map(({ count: times }) => times))) : 0;
  const requests = sum(traffic.points.map((point) => point.requests));
  const failures = sum(own.map(({ count: times }) => times)) + bare;
  const share = requests === 0 ? 0 : failures / requests;
  if (share < NOTABLE_SHARE) return quiet;
  const [first] = own;
  const mostly = first === undefined || bare > first.count ? "answers of 5xx" : first.code;
  const text = `${percentText(share)} of the requests failed, mostly ${mostly}`;
  return { tone: share >= GRAVE_SHARE ? "bad" : "warn", text };
}

function names(services: readonly string[]): string {
  const shown = services.slice(0, 3).join(", ");
  return services.length > 3 ? `${shown} and ${services.length - 3} more` : shown;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
