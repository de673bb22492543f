import { type CheckOutcome, isFailing } from "../../shared/protocol/index.ts";
import type { ServiceCheck } from "../../shared/services/index.ts";
import { type ConnectorSettings, upstreamRulesOf } from "../settings/index.ts";
import type { HostDialDeps } from "../names/index.ts";
import { fail, type Finding, pass } from "./finding.ts";
import { remedyFor, speaksTls } from "./remedies.ts";
import { Faults, createLog, nodeClock, processMemory } from "../platform/index.ts";
import { checkRunner } from "../checks/run-check.ts";
import type { CheckResult } from "../checks/service-checks.ts";
import { Upstream, parseTarget, type UpstreamPolicy } from "../upstream/index.ts";

/** Concurrent checks: enough to be quick, few enough to disturb nobody. */
const CONCURRENCY = 32;

/** Outcomes after which the port may speak TLS, beside an open connection. */
const SUSPECT: ReadonlySet<CheckOutcome> = new Set([
  "UPSTREAM_PROTOCOL",
  "UPSTREAM_RESPONSE_TIMEOUT",
  "UNHEALTHY_STATUS",
]);

/** A name and addresses that nobody would allow on purpose. */
const ANY_NAME = parseTarget("http://culvert-doctor.invalid:9");
const PUBLIC_ADDRESSES = ["192.0.2.1", "2001:db8::1"];

/** Checks that the allowlist allows something, but not everything. */
export function examineAllowlist({ policy, allowsNothing }: ConnectorSettings): Finding {
  if (allowsNothing) {
    const remedy = "set TUNNEL_ALLOW to the upstreams this connector may reach, such as api.internal:8080";
    return fail("allowlist", "nothing is allowed: the connector will refuse every request", remedy);
  }
  if (allowsAnything(policy)) {
    const remedy = "limit TUNNEL_ALLOW to the upstreams that you mean";
    return pass("allowlist", "everything is allowed, except the addresses that are always blocked", remedy);
  }
  return pass("allowlist", "some upstreams are allowed, others are not");
}

function allowsAnything(policy: UpstreamPolicy): boolean {
  return (
    policy.allowsTarget(ANY_NAME) === "yes" ||
    PUBLIC_ADDRESSES.some((address) => policy.allowsAddress(ANY_NAME, address))
  );
}

/** Checks each upstream once, as the connector's own checks do. */
export async function examineUpstreams(
  config: ConnectorSettings,
  checks: readonly ServiceCheck[],
  { names }: HostDialDeps,
): Promise<Finding[]> {
  const { report: reportFault } = new Faults(createLog("error").log, nodeClock);
  const rules = upstreamRulesOf(config);
  const deps = { ...rules, clock: nodeClock, names, memory: processMemory(), reportFault };
  const upstream = new Upstream(deps);
  const run = checkRunner(() => upstream, nodeClock);
  const findings: Finding[] = [];
  for (let at = 0; at < checks.length; at += CONCURRENCY) {
    const results = checks
      .slice(at, at + CONCURRENCY)
      .map((check) => examine(check, (asked) => new Promise((resolve) => void run(asked, resolve))));
    findings.push(...(await Promise.all(results)));
  }
  upstream.close();
  return findings;
}

type Run = (check: ServiceCheck) => Promise<CheckResult>;

async function examine(check: ServiceCheck, run: Run): Promise<Finding> {
  const { service, target, path } = check;
  const name = `service ${service}`;
  const { outcome, reason } = await run(check);
  if (await isTlsPort(check, outcome, run)) {
    const secure = target.replace(/^http:/, "https:");
    return fail(name, `${target} is a port that speaks TLS`, `write ${secure}`);
  }
  if (isFailing(outcome)) return fail(name, reason ?? outcome, remedyFor(outcome, reason ?? "", target));
  return pass(name, path === null ? `${target} accepts connections` : `${target}${path} answers well`);
}

/** Whether the port speaks TLS. Such a port accepts connections, or answers plain HTTP in various ways, so only a handshake shows it. */
async function isTlsPort(check: ServiceCheck, outcome: CheckOutcome, run: Run): Promise<boolean> {
  const { target, path } = check;
  const isSuspect = outcome === "PASSING" ? path === null : SUSPECT.has(outcome);
  if (!target.startsWith("http:") || !isSuspect) return false;
  const secure = await run({ ...check, target: target.replace(/^http:/, "https:"), path: null });
  return speaksTls(secure.outcome, secure.reason);
}
