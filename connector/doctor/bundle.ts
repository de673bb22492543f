import { availableParallelism, release } from "node:os";
import { BUILD_ID } from "../../shared/release/build-id.ts";
import { VERSION } from "../../shared/release/version.ts";
import type { GivenSetting, LoadedConfig } from "../settings/index.ts";
import type { Finding } from "./finding.ts";
import { lineWithoutSecrets, valueWithoutSecrets, withoutSecrets } from "./without-secrets.ts";

/** What is known from the connector with these settings, if it runs on this machine. */
export interface LocalConnector {
  /** Why nothing is known. */
  missing?: string;
  /** As `/readyz` has it. */
  ready?: string;
  /** In the text format of Prometheus. */
  metrics?: string;
  logLines?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** One JSON object for support: everything that is known here, without secrets. */
export function supportBundle(
  loaded: LoadedConfig,
  findings: readonly Finding[],
  { missing, ready = "", metrics = "", logLines = "" }: LocalConnector,
  env: Env,
  now: Date,
): object {
  const secrets = secretsOf(loaded.given, env);
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  return {
    bundle: 1,
    at: now.toISOString(),
    culvert: { version: VERSION, build: BUILD_ID },
    system: {
      ...{ node: process.version, platform: process.platform, architecture: process.arch },
      ...{ release: release(), processors: availableParallelism() },
    },
    settings: Object.fromEntries(
      loaded.given.map(({ name, source, value }) => [
        name,
        { source, value: shown(name, value, secrets, loaded) },
      ]),
    ),
    findings: valueWithoutSecrets(findings, secrets),
    connector: missing === undefined ? "running" : withoutSecrets(missing, secrets),
    ready: lines(ready).map((line) => lineWithoutSecrets(line, secrets)),
    metrics: lines(metrics).map((line) => withoutSecrets(line, secrets)),
    logLines: lines(logLines).map((line) => lineWithoutSecrets(line, secrets)),
  };
}

/** The value to show. For a secret, only that it is set, and what its finding says about it anyway. */
function shown(name: string, value: unknown, secrets: readonly string[], loaded: LoadedConfig): unknown {
  switch (name) {
    case "token":
      return loaded.ok ? { kid: loaded.config.token.kid, tunnelId: loaded.config.token.tunnelId } : "set";
    case "otlpHeaders":
      return headerPairs(value).map(([header]) => withoutSecrets(header, secrets));
    default:
      return valueWithoutSecrets(value, secrets);
  }
}

/** Every value that is secret because of its setting. */
function secretsOf(given: readonly GivenSetting[], env: Env): string[] {
  const ofSettings = given.flatMap(({ name, value }) => {
    if (name === "token") return typeof value === "string" ? [value, value.trim()] : [];
    if (name === "otlpHeaders") return headerPairs(value).flatMap(([, secret]) => [secret, decoded(secret)]);
    return name === "proxy" && typeof value === "string" ? proxySecrets(value) : [];
  });
  const ofEnvironment = Object.entries(env).flatMap(([name, value = ""]) => {
    if (/_PROXY$/i.test(name)) return proxySecrets(value);
    return /TOKEN$|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|KEY$|_HEADERS$/i.test(name) ? [value] : [];
  });
  return [...new Set([...ofSettings, ...ofEnvironment].filter((secret) => secret !== ""))];
}

function headerPairs(value: unknown): [name: string, value: string][] {
  if (typeof value === "string")
    return value.split(",").map((pair) => {
      const at = pair.indexOf("=");
      return at === -1 ? ["", pair.trim()] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    });
  return typeof value === "object" && value !== null
    ? Object.entries(value).map(([name, held]) => [name, String(held)])
    : [];
}

/** The name and the password, encoded and decoded, together and separately. */
function proxySecrets(url: string): string[] {
  const [, userinfo = ""] = /^(?:[a-z]+:\/\/)?([^/]*)@/i.exec(url) ?? [];
  const password = userinfo.slice(userinfo.indexOf(":") + 1);
  return userinfo === "" ? [] : [userinfo, decoded(userinfo), password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
