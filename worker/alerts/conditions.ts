import type { AlertKind } from "../../shared/signals/alert.ts";
import type { Presence } from "../events/index.ts";

/** A key of the admin API that expires. */
export interface EndingKey {
  kid: string;
  name: string | null;
  expiresAtMs: number;
}

const TOKEN_NOTICE_MS = 7 * 24 * 3600_000;

/** What is known about a tunnel when it is checked. */
export interface TunnelFacts {
  id: string;
  name: string;
  presence: Presence;
  /** The most connectors that it ever had at once. */
  mostConnectors: number;
  tokens: readonly { kid: string; expiresAtMs: number | null }[];
  /** Events that were lost since the last look. */
  newlyLost: number;
}

/** One problem of a tunnel. */
export interface Condition {
  kind: AlertKind;
  subject: string | null;
  summary: string;
}

/** The key of a condition: `kind subject`. */
export function conditionKey({ kind, subject }: Pick<Condition, "kind" | "subject">): string {
  return subject === null ? kind : `${kind} ${subject}`;
}

/** The current problems. `known`: the keys of earlier ones. */
export function conditionsOf(tunnel: TunnelFacts, known: ReadonlySet<string>, nowMs: number): Condition[] {
  const { name, presence, mostConnectors, tokens, newlyLost } = tunnel;
  const count = presence.connectors.length;
  const conditions: Condition[] = [];
  const add = (kind: AlertKind, subject: string | null, summary: string) =>
    conditions.push({ kind, subject, summary });

  // A tunnel that never had a connector is new, and not down.
  if (count === 0 && mostConnectors > 0) {
    add("tunnel_down", null, `No connector is attached to ${name}: every request fails.`);
  }
  // An outage, which is reported by itself, neither begins this condition nor ends it.
  if (mostConnectors > 1 && (count === 1 || (count === 0 && known.has("redundancy_lost")))) {
    add("redundancy_lost", null, `One connector is left on ${name}: its loss would be an outage.`);
  }
  // Without a connector, it is not known whether it is over.
  for (const key of count === 0 ? known : []) {
    const [kind, service = ""] = key.split(" ", 2);
    if (kind === "service_down") add(kind, service, serviceDown(name, service));
  }
  for (const service of presence.failing) {
    add("service_down", service, serviceDown(name, service));
  }
  const used = new Set(presence.connectors.map(({ kid }) => kid));
  for (const { kid, expiresAtMs } of tokens) {
    if (expiresAtMs === null || expiresAtMs - nowMs > TOKEN_NOTICE_MS || !used.has(kid)) continue;
    const at = new Date(expiresAtMs).toISOString();
    add("token_ends", kid, `Connectors of ${name} still use the token ${kid}, which ends at ${at}.`);
  }
  if (newlyLost > 0) add("events_lost", null, `Events of ${name} are lost: they are missing in the logs.`);
  return conditions;
}

/** Problems with the relay's own keys. */
export function keyConditionsOf(keys: readonly EndingKey[], nowMs: number): Condition[] {
  return keys
    .filter(({ expiresAtMs }) => expiresAtMs > nowMs && expiresAtMs - nowMs <= TOKEN_NOTICE_MS)
    .map(({ kid, name, expiresAtMs }) => {
      const called = name === null ? kid : `${name} (${kid})`;
      const at = new Date(expiresAtMs).toISOString();
      return { kind: "token_ends", subject: kid, summary: `The API key ${called} ends at ${at}.` };
    });
}

function serviceDown(tunnel: string, service: string): string {
  return `No connector of ${tunnel} reaches ${service}: its check fails on all of them.`;
}

/** When a tunnel has to be checked again even if nothing happens; null: never. */
export function nextTokenLookMs(
  tokens: readonly { expiresAtMs: number | null }[],
  nowMs: number,
): number | null {
  const times = tokens
    .map(({ expiresAtMs }) => (expiresAtMs === null ? 0 : expiresAtMs - TOKEN_NOTICE_MS))
    .filter((timeMs) => timeMs > nowMs);
  return times.length === 0 ? null : Math.min(...times);
}
