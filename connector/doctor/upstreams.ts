import { type CheckOutcome, isFailing } from "../../shared/protocol/service-checks.ts";
import type { ServiceCheck } from "../../shared/services/service-check.ts";
import type { ConnectorSettings } from "../settings/connector-settings.ts";
import type { HostDialDeps } from "../names/dial-host.ts";
import { fail, type Finding, pass } from "./finding.ts";
import { Faults } from "../platform/faults.ts";
import { createLog } from "../platform/log.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { checkRunner } from "../checks/run-check.ts";
import type { CheckResult } from "../checks/service-checks.ts";
import { Upstream } from "../upstream/upstream.ts";
import { parseTarget, type UpstreamPolicy } from "../upstream/policy.ts";

/** At once: enough to be quick, few enough to disturb nobody. */
const CONCURRENCY = 32;

/** Names and addresses that nobody means to allow. */
const ANY_NAME = parseTarget("http://culvert-doctor.invalid:9");
const PUBLIC_ADDRESSES = ["192.0.2.1", "2001:db8::1"];

/** Does the allowlist allow anything, and not everything? */
export function examineAllowlist({ policy, allowsNothing }: ConnectorSettings): Finding {
  if (allowsNothing) {
    const remedy = "set TUNNEL_ALLOW to the upstreams this connector may reach, such as api.internal:8080";
    return fail("allowlist", "nothing is allowed: every request will be refused", remedy);
  }
  if (allowsAnything(policy)) {
    const remedy = "narrow TUNNEL_ALLOW to the upstreams that are meant";
    return pass("allowlist", "everything is allowed, but for the addresses that are always blocked", remedy);
  }
  return pass("allowlist", "some upstreams are allowed, others are not");
}

function allowsAnything(policy: UpstreamPolicy): boolean {
  return (
    policy.allowsTarget(ANY_NAME) === "yes" ||
    PUBLIC_ADDRESSES.some((address) => policy.allowsAddress(ANY_NAME, address))
  );
}

/** Each upstream is looked at once, as the connector's own checks do it. */
export async function examineUpstreams(
  config: ConnectorSettings,
  checks: readonly ServiceCheck[],
  { names }: HostDialDeps,
): Promise<Finding[]> {
  const { policy, limits, upstreams: rules } = config;
  const { report: reportFault } = new Faults(createLog("error").log, nodeClock);
  const deps = { policy, limits, rules, clock: nodeClock, names, reportFault };
  const upstream = new Upstream(deps);
  const run = checkRunner(() => upstream, nodeClock);
  const findings: Finding[] = [];
  for (let at = 0; at < checks.length; at += CONCURRENCY) {
    const results = checks.slice(at, at + CONCURRENCY).map(async (check) => {
      const result = await new Promise<CheckResult>((resolve) => void run(check, resolve));
      return findingOf(check, result);
    });
    findings.push(...(await Promise.all(results)));
  }
  upstream.close();
  return findings;
}

function findingOf({ service, target, path }: ServiceCheck, { outcome, reason }: CheckResult): Finding {
  const check = `service ${service}`;
  if (isFailing(outcome)) return fail(check, reason ?? outcome, remedyFor(outcome, target));
  return pass(check, path === null ? `${target} accepts connections` : `${target}${path} answers well`);
}

function remedyFor(outcome: CheckOutcome, target: string): string {
  switch (outcome) {
    case "UPSTREAM_NOT_ALLOWED":
      return `if this connector is meant to serve it, add ${new URL(target).host} to TUNNEL_ALLOW, or GET and the path to the service's limits in TUNNEL_SERVICES`;
    case "UPSTREAM_REFUSED":
      return "start the API, or correct the port in the services file; see that a firewall lets this host in";
    case "UPSTREAM_DNS":
      return "check the name in the services file, the hosts file and the DNS servers of /etc/resolv.conf on this host";
    case "UPSTREAM_TLS":
      return "trust its CA (caFile of the upstream, or NODE_EXTRA_CA_CERTS) and use a name that its certificate holds";
    case "UPSTREAM_PROTOCOL":
      return "check that it speaks HTTP at this port, with or without TLS as the services file says";
    case "UPSTREAM_CONNECT_TIMEOUT":
      return "a firewall that drops silently looks like this: let this host reach it";
    case "UPSTREAM_RESPONSE_TIMEOUT":
      return "see why the API is slow, or raise timeoutSeconds of its healthCheck";
    case "UNHEALTHY_STATUS":
      return "see why the API says that it is not well, or correct the path of its healthCheck";
    case "PENDING":
    case "PASSING":
    case "INTERNAL":
      return "correct the endpoint in the services file";
  }
}
