import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parseEndpoint, parseTcpEndpoint } from "../../shared/services/upstream-address.ts";
import { loadConfig } from "../settings/connector-settings.ts";
import { diagnose, type NamedUpstream } from "../doctor/doctor.ts";
import { fail, type Finding } from "../doctor/finding.ts";
import { addSettingOptions } from "../settings/command-options.ts";
import type { Flags } from "../settings/setting-table.ts";
import { terminalJson, terminalText } from "../../shared/terminal/terminal-text.ts";
import { VERSION } from "../../shared/version.ts";

interface DoctorFlags extends Flags {
  json?: boolean;
  upstream?: string[];
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("check token, relay, egress, allowlist and upstreams; say what to fix")
    .option("--json", "print JSON")
    .option(
      "--upstream <url>",
      "an upstream to look at, besides the relay's services; may be repeated",
      (url: string, before: string[] | undefined) => [...(before ?? []), url],
    );
  return addSettingOptions(command)
    .addHelpText("after", "\nExit codes: 0 nothing failed, 1 something did.")
    .action(async ({ json = false, upstream = [], ...flags }: DoctorFlags) => {
      const loaded = loadConfig(flags, process.env, (path) => readFileSync(path, "utf8"));
      const endpoints = upstream.map(upstreamOf).filter((named): named is NamedUpstream => named !== null);
      const findings = await diagnose(loaded, endpoints, VERSION);
      if (endpoints.length < upstream.length) {
        findings.push(
          fail("upstreams", "--upstream is no URL", "write it as http://host:port/path or tcp://host:port"),
        );
      }
      const ok = findings.every(({ verdict }) => verdict !== "FAIL");
      process.stdout.write(json ? `${terminalJson({ ok, findings }, 2)}\n` : shown(findings));
      process.exitCode = ok ? 0 : 1;
    });
}

/** A path that is written is asked for, "/" and a query too; without one, a connection is enough. */
function upstreamOf(text: string): NamedUpstream | null {
  const origin = parseTcpEndpoint(text);
  if (origin !== null) return { origin, path: null };
  const [, address = "", path = null] = /^([^?#]*?:\/\/[^/?#]*)([/?][^#]*)?$/.exec(text) ?? [];
  const endpoint = parseEndpoint(address);
  if (endpoint === null) return null;
  return { origin: endpoint.origin, path: path === null || path.startsWith("/") ? path : `/${path}` };
}

/** `PASS  dns  relay.example is at 192.0.2.1`, and under it what to do. What comes from afar is made printable. */
function shown(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, verdict, detail, remedy }) => [
      `${verdict}  ${check.padEnd(width)}  ${detail}`,
      ...(remedy === null ? [] : [`      ${" ".repeat(width)}  → ${remedy}`]),
    ])
    .map((line) => `${terminalText(line)}\n`)
    .join("");
}
