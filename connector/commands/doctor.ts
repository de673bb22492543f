import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { parseEndpoint, parseTcpEndpoint } from "../../shared/services/index.ts";
import { type LoadedConfig, loadConfig, addSettingOptions, type Flags } from "../settings/index.ts";
import { metricsAddresses } from "../platform/index.ts";
import {
  type LocalConnector,
  supportBundle,
  diagnose,
  type NamedUpstream,
  fail,
  type Finding,
} from "../doctor/index.ts";
import { ownerProof, PROOF_HEADER } from "../telemetry/index.ts";
import { askLocally, connectorAt, type LocalAnswer } from "./local-answer.ts";
import { terminalJson, terminalText } from "../../shared/terminal/terminal-text.ts";
import { VERSION } from "../../shared/release/version.ts";

interface DoctorFlags extends Flags {
  json?: boolean;
  bundle?: string;
  upstream?: string[];
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("check token, relay, egress, allowlist and upstreams, and say what to fix")
    .option("--json", "print JSON")
    .option(
      "--bundle <file>",
      "write a support bundle into this new file, or - for standard output: settings without secrets, findings, metrics and the last log lines",
    )
    .option(
      "--upstream <url>",
      "an upstream to check besides the relay's services; may be repeated",
      (url: string, before: string[] | undefined) => [...(before ?? []), url],
    );
  return addSettingOptions(command)
    .addHelpText("after", "\nExit codes: 0 every check passed, 1 a check failed.")
    .action(async ({ json = false, bundle, upstream = [], ...flags }: DoctorFlags) => {
      // Opened first, because the checks take a while.
      const file = bundle === undefined ? null : BundleFile.open(bundle);
      const loaded = loadConfig(flags, process.env, (path) => readFileSync(path, "utf8"));
      const endpoints = upstream.map(upstreamOf).filter((named): named is NamedUpstream => named !== null);
      const findings = await diagnose(loaded, endpoints, VERSION);
      if (endpoints.length < upstream.length) {
        findings.push(
          fail(
            "upstreams",
            "--upstream is not a URL",
            "write it as http://host:port/path or tcp://host:port",
          ),
        );
      }
      const ok = findings.every(({ verdict }) => verdict !== "FAIL");
      process.exitCode = ok ? 0 : 1;
      if (file !== null) {
        const running = await askRunning(loaded);
        file.write(supportBundle(loaded, findings, running, process.env, new Date()));
        if (file.isOutput) return;
      }
      process.stdout.write(json ? `${terminalJson({ ok, findings }, 2)}\n` : shown(findings));
    });
}

/** The file for the bundle. It must be a new file, so that nothing is overwritten. */
class BundleFile {
  readonly isOutput: boolean;
  readonly #path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
    this.isOutput = path === "-";
  }

  static open(path: string): BundleFile {
    try {
      return new BundleFile(path, path === "-" ? 1 : openSync(path, "wx", 0o600));
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      const why = code === "EEXIST" ? "exists already" : `cannot be written: ${code ?? "unknown reason"}`;
      throw new Error(`${path} ${why}`, { cause: thrown });
    }
  }

  write(bundle: object): void {
    const text = `${terminalJson(bundle, 2)}\n`;
    if (this.isOutput) return void process.stdout.write(text);
    try {
      writeFileSync(this.#fd, text);
      closeSync(this.#fd);
    } catch (thrown) {
      unlinkSync(this.#path);
      const { code } = thrown as NodeJS.ErrnoException;
      throw new Error(`${this.#path} cannot be written: ${code ?? "unknown reason"}`, { cause: thrown });
    }
    process.stderr.write(
      `${terminalText(`Wrote ${this.#path}, which only you can read. It has no secrets, but it names hosts and paths.`)}\n`,
    );
  }
}

const MAX_METRICS_BYTES = 4 * 1024 * 1024;
const MAX_LOG_BYTES = 1024 * 1024;

/** The connector with these settings' token, if it runs here. */
async function askRunning(loaded: LoadedConfig): Promise<LocalConnector> {
  if (!loaded.ok) return { missing: "not asked: the settings cannot be used" };
  const { metrics: set, token, tokenText } = loaded.config;
  const reasons: string[] = [];
  for (const address of metricsAddresses(set)) {
    const found = await connectorAt(address);
    if (!found.found) reasons.push(found.reason);
    else if (found.kid !== token.kid)
      reasons.push(`${address.host}:${address.port}: a connector with another token, ${found.kid}`);
    else {
      const metrics = await askLocally(address, { path: "/metrics", maxBytes: MAX_METRICS_BYTES });
      const headers = { [PROOF_HEADER]: ownerProof(tokenText, Date.now()) };
      const logs = await askLocally(address, { path: "/logs", headers, maxBytes: MAX_LOG_BYTES });
      const text = (answer: LocalAnswer) => (answer.ok && answer.status === 200 ? answer.text : "");
      return { ready: found.text, metrics: text(metrics), logLines: text(logs) };
    }
  }
  return { missing: `found no connector with this token here: ${reasons.join("; ")}` };
}

/** A path in the URL is requested, even "/" and a query. Without a path, a connection is enough. */
function upstreamOf(text: string): NamedUpstream | null {
  const origin = parseTcpEndpoint(text);
  if (origin !== null) return { origin, path: null };
  const [, address = "", path = null] = /^([^?#]*?:\/\/[^/?#]*)([/?][^#]*)?$/.exec(text) ?? [];
  const endpoint = parseEndpoint(address);
  if (endpoint === null) return null;
  return { origin: endpoint.origin, path: path === null || path.startsWith("/") ? path : `/${path}` };
}

/** `PASS  dns  relay.example is at 192.0.2.1`, with the remedy below it. Text from other machines is made printable. */
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
