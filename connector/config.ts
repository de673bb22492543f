import { z } from "zod";
import { parseRelayUrl } from "../shared/relay-url.ts";
import { parseToken, type Token } from "../shared/token.ts";
import { parseDurationMs } from "./duration.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import { parseAllowlist, UpstreamPolicy } from "./upstream-policy.ts";

/** What the connector runs with; nothing in it is optional any more. */
export interface ConnectorConfig {
  token: Token;
  /** The token as it goes into the Authorization header. Never logged. */
  tokenText: string;
  /** Origin of the relay. */
  relayUrl: string;
  policy: UpstreamPolicy;
  /** True when no rule allows anything. */
  allowsNothing: boolean;
  connections: number;
  gracePeriodMs: number;
  metrics: { host: string; port: number };
  logLevel: LogLevel;
}

export interface ConfigProblem {
  /** The setting as it was written: `TUNNEL_ALLOW` or `--allow`. Never its value. */
  path: string;
  message: string;
}

/**
 * One row per setting: its flag and its environment variable.
 * The token has no flag: arguments can be read by every user of the machine.
 */
export const SETTINGS = {
  token: { flag: null, env: "TUNNEL_TOKEN" },
  tokenFile: { flag: "--token-file", env: "TUNNEL_TOKEN_FILE" },
  relay: { flag: "--relay", env: "TUNNEL_RELAY" },
  allow: { flag: "--allow", env: "TUNNEL_ALLOW" },
  connections: { flag: "--connections", env: "TUNNEL_CONNECTIONS" },
  gracePeriod: { flag: "--grace-period", env: "TUNNEL_GRACE_PERIOD" },
  metrics: { flag: "--metrics", env: "TUNNEL_METRICS" },
  loglevel: { flag: "--loglevel", env: "TUNNEL_LOGLEVEL" },
} as const;

type SettingName = keyof typeof SETTINGS;
export type Flags = Partial<Record<SettingName, string>>;

const MAX_CONNECTIONS = 8;
const MAX_GRACE_MS = 60 * 60 * 1000;

function parsed<T>(parse: (text: string) => T | null, problem: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue({ code: "custom", message: problem });
    return z.NEVER;
  });
}

const schema = z.object({
  token: z
    .string({ error: "set TUNNEL_TOKEN, or TUNNEL_TOKEN_FILE to a file that holds it" })
    .transform((text, context) => {
      const result = parseToken(text);
      if (result.ok) return { text, token: result.token };
      context.addIssue({ code: "custom", message: result.problem });
      return z.NEVER;
    }),
  relay: parsed(parseRelayUrl, "must be https://host, or http:// for a relay on this machine").optional(),
  allow: z
    .string()
    .default("")
    .transform((text, context) => {
      const list = parseAllowlist(text);
      if (list.ok) return list.rules;
      for (const message of list.problems) context.addIssue({ code: "custom", message });
      return z.NEVER;
    }),
  connections: parsed(
    (text) =>
      /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_CONNECTIONS ? Number(text) : null,
    `must be a number from 1 to ${MAX_CONNECTIONS}`,
  ).default(1),
  gracePeriod: parsed((text) => {
    const ms = parseDurationMs(text);
    return ms !== null && ms <= MAX_GRACE_MS ? ms : null;
  }, 'must be a duration such as "30s", at most an hour').default(30_000),
  metrics: parsed(parseListenAddress, "must be host:port").default({ host: "127.0.0.1", port: 20241 }),
  loglevel: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(", ")}` }).default("info"),
});

/**
 * Settings from flags, then the environment. Every problem at once, each with the name it was set by.
 * `readFile` gives a file's text or throws.
 */
export function loadConfig(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): { ok: true; config: ConnectorConfig } | { ok: false; problems: ConfigProblem[] } {
  const raw: Flags = {};
  const origin: Partial<Record<SettingName, string>> = {};
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const setting = SETTINGS[name];
    const fromFlag = flags[name];
    const value = fromFlag ?? env[setting.env];
    if (value === undefined || value === "") continue;
    raw[name] = value;
    origin[name] = fromFlag !== undefined && setting.flag !== null ? setting.flag : setting.env;
  }

  const problems: ConfigProblem[] = [];
  // The nearer source wins: a file named by a flag over a token in the environment.
  if (raw.tokenFile !== undefined && (raw.token === undefined || flags.tokenFile !== undefined)) {
    try {
      raw.token = readFile(raw.tokenFile);
      origin.token = origin.tokenFile ?? SETTINGS.tokenFile.env;
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
      problems.push({
        path: origin.tokenFile ?? SETTINGS.tokenFile.env,
        message: `cannot be read: ${reason}`,
      });
    }
  }
  if (raw.token !== undefined) raw.token = raw.token.trim();

  const result = schema.safeParse(raw);
  if (!result.success) {
    const fileFailed = problems.length > 0;
    for (const issue of result.error.issues) {
      const name = issue.path[0] as SettingName;
      if (name === "token" && fileFailed) continue;
      problems.push({ path: origin[name] ?? SETTINGS[name].env, message: issue.message });
    }
  }
  if (!result.success || problems.length > 0) return { ok: false, problems };
  const { token, relay, allow, connections, gracePeriod, metrics, loglevel } = result.data;
  const relayUrl = relay ?? parseRelayUrl(token.token.relayUrl);
  if (relayUrl === null) {
    return {
      ok: false,
      problems: [{ path: origin.token ?? "TUNNEL_TOKEN", message: "names a relay without TLS" }],
    };
  }
  return {
    ok: true,
    config: {
      token: token.token,
      tokenText: token.text,
      relayUrl,
      policy: new UpstreamPolicy(allow),
      allowsNothing: allow.length === 0,
      connections,
      gracePeriodMs: gracePeriod,
      metrics,
      logLevel: loglevel,
    },
  };
}

export function parseListenAddress(text: string): { host: string; port: number } | null {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
