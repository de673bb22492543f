import { parseDocument, YAMLParseError, YAMLWarning } from "yaml";
import { problemsOf } from "../../shared/problems.ts";
import { parseRelayUrl } from "../../shared/relay-url.ts";
import type { Identity } from "../../shared/tokens/token.ts";
import type { ListenAddress, LogLevel, OtlpSettings } from "../platform/index.ts";
import { settingsSchema, type ReadFile, unreadable } from "./settings-schema.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { ProxyBypass } from "../proxy/proxy-bypass.ts";
import { type LimitsByService, UpstreamPolicy, type UpstreamRule } from "../upstream/index.ts";
import { CONFIG_FILE, type Flags, SETTING_NAMES, type SettingName, SETTINGS } from "./setting-table.ts";

/** The connector's settings, complete with defaults. */
export interface ConnectorSettings {
  /** The public parts of the token, or of the identity's address. */
  token: Identity;
  /** The identity under which the tunnel trusts this connector; null: the token is the tunnel's own. */
  identity: Identity | null;
  /** The token as it goes into the Authorization header. Never logged. */
  tokenText: string;
  /** Origin of the relay. */
  relayUrl: string;
  policy: UpstreamPolicy;
  /** True when no rule allows anything. */
  allowsNothing: boolean;
  /** Limits of single services. */
  limits: LimitsByService;
  /** Settings of single upstreams. The first that matches counts. */
  upstreams: readonly UpstreamRule[];
  connections: number;
  /** The connector's name for people. */
  connectorName: string;
  maxStreams: number;
  gracePeriodMs: number;
  /** How long a stream's window may stay closed if its service does not say. */
  stallTimeoutMs: number;
  /** Null: the default address, or one of the next ports if it is taken. */
  metrics: ListenAddress | null;
  logLevel: LogLevel;
  /** The logged share of the successful requests: 0 to 1. */
  accessLogShare: number;
  /** On the way to the relay. */
  proxy: Proxy | null;
  proxyBypass: ProxyBypass;
  /** Null: nothing is traced. */
  traces: OtlpSettings | null;
}

export interface ConfigProblem {
  /** The setting as it was written: `TUNNEL_ALLOW`, `--allow`, `culvert.yaml: allow`. Never its value. */
  path: string;
  message: string;
}

/** A setting as it was written, including secrets. */
export interface GivenSetting {
  name: SettingName;
  source: Source;
  value: unknown;
}

export type LoadedConfig = {
  files: readonly string[];
  given: readonly GivenSetting[];
  /** The settings file exists but is empty, perhaps because it is just being written. */
  fileIsEmpty: boolean;
} & ({ ok: true; config: ConnectorSettings } | { ok: false; problems: ConfigProblem[] });

type Env = Readonly<Record<string, string | undefined>>;

/** From the weakest to the strongest. */
const SOURCES = ["file", "environment", "flag"] as const;
type Source = (typeof SOURCES)[number];

/** In flags and the environment these are YAML. */
const STRUCTURED: readonly SettingName[] = ["services", "upstreams"];
/** Other programs read these in lower case as well. */
const IN_ANY_CASE: ReadonlySet<string> = new Set<SettingName>(["proxy", "proxyBypass"]);

/**
 * Settings from flags, then the environment, then the settings file. Reports every problem at once, each with the name by which the setting
 * was given. `files` are all files that were read or searched, so that they can be watched.
 */
export function loadConfig(flags: Flags, env: Env, readFile: ReadFile): LoadedConfig {
  const files: string[] = [];
  const read = (path: string): string => {
    files.push(path);
    return readFile(path);
  };
  const given = new GivenSettings(flags, env, read);
  const problems = [...given.problems];
  const tokenFailed = given.readToken(read, problems);

  const hasIdentity = given.values["identity"] !== undefined;
  const result = settingsSchema(read, { hasIdentity }).safeParse(given.values);
  if (!result.success) {
    for (const { path, message } of problemsOf(result.error)) {
      const [name = ""] = /^\w*/.exec(path) ?? [];
      if ((name === "token" && tokenFailed) || given.isProblem(name)) continue;
      problems.push({ path: given.pathOf(path, name), message });
    }
  }
  const told = { files, given: given.settings, fileIsEmpty: given.fileIsEmpty };
  if (!result.success || problems.length > 0) return { ok: false, problems, ...told };
  const { token, relay, allow, services, gracePeriod, loglevel, accessLog, proxy, ...rest } = result.data;
  const { identity = null } = rest;
  const attachedAs = identity ?? token.token;
  const relayUrl = relay ?? parseRelayUrl(attachedAs?.relayUrl ?? "");
  if (attachedAs === null || relayUrl === null) {
    const name = identity === null ? "token" : "identity";
    const path = given.pathOf(name, name);
    return { ok: false, problems: [{ path, message: "names a relay without TLS" }], ...told };
  }
  const config: ConnectorSettings = {
    token: attachedAs,
    identity,
    tokenText: token.text,
    relayUrl,
    policy: new UpstreamPolicy(allow),
    allowsNothing: allow.length === 0,
    limits: services,
    upstreams: rest.upstreams,
    connections: rest.connections,
    connectorName: rest.connectorName,
    maxStreams: rest.maxStreams,
    gracePeriodMs: gracePeriod,
    stallTimeoutMs: rest.stallTimeout,
    metrics: rest.metrics ?? null,
    logLevel: loglevel,
    accessLogShare: accessLog,
    proxy: proxy ?? null,
    proxyBypass: rest.proxyBypass,
    traces:
      rest.otlpEndpoint === undefined
        ? null
        : { url: rest.otlpEndpoint, headers: rest.otlpHeaders, rootShare: rest.traceShare },
  };
  return { ok: true, config, ...told };
}

/** The settings that decide about upstreams, for the connector and for doctor. */
export function upstreamRulesOf({ policy, limits, upstreams: rules }: ConnectorSettings) {
  return { policy, limits, rules };
}

/** The given settings and their sources. */
class GivenSettings {
  readonly values: Record<string, unknown> = {};
  readonly problems: ConfigProblem[] = [];
  fileIsEmpty = false;
  readonly #sources = new Map<string, Source>();
  readonly #wrong = new Set<string>();
  readonly #filePath: string;
  #tokenPath: string | null = null;

  constructor(flags: Flags, env: Env, readFile: ReadFile) {
    const path = flags.config ?? env[CONFIG_FILE.env] ?? "";
    this.#filePath = path;
    if (path !== "")
      this.#addFile(path, flags.config === undefined ? CONFIG_FILE.env : CONFIG_FILE.flag, readFile);
    for (const name of SETTING_NAMES) {
      const { env: variable } = SETTINGS[name];
      const other = IN_ANY_CASE.has(name) ? env[variable.toLowerCase()] : undefined;
      this.#addText(name, env[variable] ?? other, "environment");
      this.#addText(name, flags[name], "flag");
    }
    for (const name of STRUCTURED) this.#parseText(name);
    if (this.#sources.get("proxy") === "flag" && /@/.test(String(this.values["proxy"]))) {
      this.#problem("proxy", "arguments are visible to every user of the machine: set HTTPS_PROXY instead");
    }
  }

  /** The known settings. The token from a file is included once it was read. */
  get settings(): GivenSetting[] {
    return SETTING_NAMES.filter((name) => this.values[name] !== undefined).map((name) => ({
      ...{ name, value: this.values[name] },
      source: this.#sources.get(name) ?? "file",
    }));
  }

  /** `file: upstreams.x.caFile`, `TUNNEL_ALLOW`, `--connections`: the setting as it was written. */
  pathOf(path: string, name: string): string {
    if (name === "token" && this.#tokenPath !== null) return this.#tokenPath;
    const source = this.#sources.get(name) ?? (isSetting(name) ? "environment" : "file");
    if (source === "file" || !isSetting(name)) return `${this.#filePath}: ${path}`;
    const { flag, env } = SETTINGS[name];
    return (source === "flag" ? (flag ?? env) : env) + path.slice(name.length);
  }

  isProblem(name: string): boolean {
    return this.#wrong.has(name);
  }

  /** The stronger source wins, so a file named by a flag overrides a token in the environment. True: the file cannot be read. */
  readToken(readFile: ReadFile, problems: ConfigProblem[]): boolean {
    const rank = (name: string) => SOURCES.indexOf(this.#sources.get(name) ?? "file");
    const { token, tokenFile } = this.values;
    if (typeof tokenFile === "string" && (token === undefined || rank("tokenFile") > rank("token"))) {
      this.#tokenPath = this.pathOf("tokenFile", "tokenFile");
      try {
        this.values["token"] = readFile(tokenFile);
      } catch (error) {
        problems.push({ path: this.#tokenPath, message: unreadable(error) });
        return true;
      }
    }
    if (typeof this.values["token"] === "string") this.values["token"] = this.values["token"].trim();
    return false;
  }

  #addText(name: SettingName, text: string | undefined, source: Source): void {
    if (text === undefined || text === "") return;
    this.#sources.set(name, source);
    this.values[name] = text;
  }

  #parseText(name: SettingName): void {
    const text = this.values[name];
    if (typeof text !== "string") return;
    try {
      this.values[name] = parsedYaml(text);
      for (const key of protoKeys(this.values[name], name)) {
        this.problems.push({ path: this.pathOf(key, name), message: "unknown key" });
      }
    } catch (error) {
      this.#problem(name, yamlProblem(error, text));
    }
  }

  #addFile(path: string, namedBy: string, readFile: ReadFile): void {
    let text: string;
    try {
      text = readFile(path);
    } catch (error) {
      this.problems.push({ path: namedBy, message: unreadable(error) });
      return;
    }
    try {
      const content: unknown = parsedYaml(text) ?? {};
      this.fileIsEmpty = text.trim() === "";
      if (typeof content !== "object" || content === null || Array.isArray(content)) {
        this.problems.push({ path, message: "must have keys and values" });
        return;
      }
      for (const key of protoKeys(content, ""))
        this.problems.push({ path: `${path}: ${key}`, message: "unknown key" });
      Object.assign(this.values, content);
      for (const name of Object.keys(content)) this.#sources.set(name, "file");
    } catch (error) {
      this.problems.push({ path, message: yamlProblem(error, text) });
    }
  }

  #problem(name: SettingName, message: string): void {
    this.problems.push({ path: this.pathOf(name, name), message });
    this.#wrong.add(name);
  }
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** The paths of keys named `__proto__`. Copying such a key would set a prototype, so the schema would not see it. */
function protoKeys(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const inside = path === "" ? key : `${path}.${key}`;
    return [...(key === "__proto__" ? [inside] : []), ...protoKeys(inner, inside)];
  });
}

/** Parses YAML. An unknown tag such as `!include` is an error, because the value that it stands for would be missing. */
function parsedYaml(text: string): unknown {
  const document = parseDocument(text);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJS();
}

/** The place and the reason, but never the line itself. */
function yamlProblem(error: unknown, text: string): string {
  // In YAML, an unquoted * begins an alias. It is a syntax error without a name, and a missing anchor with one. Nested aliases can
  // expand without a limit.
  if (error instanceof ReferenceError && error.message.startsWith("Excessive"))
    return "has too many aliases (*)";
  const isAlias =
    error instanceof YAMLParseError ? error.code === "BAD_ALIAS" : error instanceof ReferenceError;
  if (isAlias) {
    const line = text.split("\n").findIndex((written) => /(?:^|[:,[-])\s*\*/.test(written)) + 1;
    return `a value that begins with *: put it in quotes, line ${line}`;
  }
  if (!(error instanceof YAMLParseError || error instanceof YAMLWarning)) return "is not YAML";
  const line = error.linePos?.[0].line;
  return `is not YAML: ${error.code}${line === undefined ? "" : `, line ${line}`}`;
}
