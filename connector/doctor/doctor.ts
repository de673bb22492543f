import { defaultCheck, type ServiceCheck } from "../../shared/services/index.ts";
import type { ConnectorSettings, LoadedConfig } from "../settings/index.ts";
import { type HostDialDeps, Names } from "../names/index.ts";
import { nodeClock } from "../platform/index.ts";
import { fail, type Finding, pass, skip } from "./finding.ts";
import { issuerTokenFinding } from "./issuer-token.ts";
import { examineHandshake, examineRelay } from "./relay.ts";
import { examineTraces } from "./traces.ts";
import { examineAllowlist, examineUpstreams } from "./upstreams.ts";

/** An upstream that the person names, in addition to the relay's services. */
export interface NamedUpstream {
  origin: string;
  /** The path to request, with its query; null: a connection is enough. */
  path: string | null;
}

/** Checks every step from these settings to an answered request. Returns one finding each, in the order of repair. */
export async function diagnose(
  loaded: LoadedConfig,
  upstreams: readonly NamedUpstream[],
  softwareVersion: string,
): Promise<Finding[]> {
  if (!loaded.ok) {
    const wrong = loaded.problems.map(({ path, message }) =>
      fail(
        "settings",
        `${path}: ${message}`,
        "correct it; `culvert connect --check` looks at the settings again",
      ),
    );
    return [...wrong, skip("everything else", "the settings cannot be used")];
  }
  const { config } = loaded;
  const clock = nodeClock;
  const forRelay = { clock, names: new Names({ clock }) };
  const forUpstreams = { clock, names: new Names({ clock }) };
  const relay = await examineRelay(config, forRelay);
  const reached = relay.every(({ verdict, check }) => verdict !== "FAIL" || check === "clock");
  const { findings: attaching, handshake } = reached
    ? await examineHandshake(config, softwareVersion, forRelay)
    : { findings: [skip("attach", "the relay cannot be reached")], handshake: null };
  const checks = [
    ...(handshake?.ok === true ? handshake.checks : []),
    ...upstreams.map(({ origin, path }) => defaultCheck(origin, origin, path)),
  ];
  return [
    settingsFinding(loaded.files),
    tokenFinding(config),
    ...relay,
    ...attaching,
    examineAllowlist(config),
    ...(await upstreamFindings(config, checks, forUpstreams)),
    ...(await examineTraces(config, forRelay)),
  ];
}

async function upstreamFindings(
  config: ConnectorSettings,
  checks: readonly ServiceCheck[],
  deps: HostDialDeps,
): Promise<Finding[]> {
  if (checks.length > 0) return examineUpstreams(config, checks, deps);
  return [skip("services", "the relay names none to check; --upstream URL looks at any")];
}

function settingsFinding(files: readonly string[]): Finding {
  return pass("settings", files.length === 0 ? "valid" : `valid, with ${files.join(", ")}`);
}

function tokenFinding({ token, identity, tokenText, relayUrl }: ConnectorSettings): Finding {
  const named = `${token.kid} of tunnel ${token.tunnelId}, for ${relayUrl}`;
  return identity === null ? pass("token", named) : issuerTokenFinding(tokenText, named, Date.now());
}
