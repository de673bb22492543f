import { crc32Hex } from "../../../shared/tokens/crc32.ts";
import {
  MAX_CHECKS_BYTES,
  type CheckOutcome,
  encodeChecks,
  type HealthReport,
  outcomeAt,
} from "../../../shared/protocol/index.ts";
import { type Service, parseEndpoint, parseTcpEndpoint } from "../../../shared/services/index.ts";

/** The list of checks for a tunnel's connectors: its services, up to the list's maximum size. */
export interface CheckList {
  /** The same for the same services, in every object and after every restart. */
  revision: string;
  /** Payloads of SETTINGS, in order. */
  settings: readonly Uint8Array[];
  /** In the order of the list. */
  services: readonly string[];
}

export function checkListOf(services: readonly Service[]): CheckList {
  const entries: string[] = [];
  const checked: string[] = [];
  let sizeBytes = "[]".length;
  for (const service of services) {
    const entry = entryOf(service);
    if (entry === null) continue;
    sizeBytes += entry.length + 1;
    if (sizeBytes > MAX_CHECKS_BYTES) break;
    entries.push(entry);
    checked.push(service.name);
  }
  const json = `[${entries.join()}]`;
  const revision = crc32Hex(json);
  return { revision, settings: encodeChecks({ revision, json }), services: checked };
}

/** The outcomes by service; `PENDING` for all if the report is about another list. */
export function outcomesOf(
  { revision, services }: CheckList,
  report: HealthReport | null,
): ReadonlyMap<string, CheckOutcome> {
  const current = report?.revision === revision ? report : null;
  return new Map(
    services.map((service, index) => [service, current === null ? "PENDING" : outcomeAt(current, index)]),
  );
}

/** ASCII, because names, URLs and paths contain nothing else. */
function entryOf({ name, endpoint, startTls, healthCheck = {} }: Service): string | null {
  const tcp = parseTcpEndpoint(endpoint);
  const upstream = tcp === null ? parseEndpoint(endpoint) : { origin: tcp, pathPrefix: "" };
  if (healthCheck === false || upstream === null) return null;
  const { path, ...settings } = healthCheck;
  const whole = path === undefined ? {} : { path: upstream.pathPrefix + path };
  const tls = startTls === undefined ? {} : { startTls };
  return JSON.stringify({ service: name, target: upstream.origin, ...whole, ...tls, ...settings });
}
