import { X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import { createSecureContext } from "node:tls";
import * as z from "zod";
import {
  DEFAULT_MAX_STREAMS,
  DEFAULT_STALL_TIMEOUT_MS,
  MAX_CONNECT_TIMEOUT_MS,
  MAX_RESPONSE_TIMEOUT_MS,
  MAX_STALL_TIMEOUT_MS,
  MAX_STREAMS_PER_OBJECT,
  HANDSHAKE_TEXT,
} from "../../shared/protocol/index.ts";
import { isRequestMethod } from "../../shared/http/index.ts";
import { parseRelayUrl } from "../../shared/relay-url.ts";
import { pathPrefixSchema, parseAuthority } from "../../shared/services/index.ts";
import { parseIdentity, parseToken, type Token } from "../../shared/tokens/token.ts";
import { parseAccessLogShare } from "./access-log-share.ts";
import { parseDurationMs } from "../../shared/time/duration.ts";
import {
  parseListenAddress,
  LOG_LEVELS,
  areFields,
  parseOtlpEndpoint,
  parseOtlpHeaders,
} from "../platform/index.ts";
import { parseProxyUrl } from "../proxy/proxy.ts";
import { parseProxyBypass } from "../proxy/proxy-bypass.ts";
import {
  type LimitsByService,
  type ServiceLimits,
  parseAllowlist,
  parseHostRule,
  DEFAULT_UPSTREAM,
  type UpstreamRule,
  type UpstreamSettings,
} from "../upstream/index.ts";

const MAX_CONNECTIONS = 8;
const MAX_GRACE_MS = 60 * 60 * 1000;
const MAX_IDLE_MS = 10 * 60 * 1000;
const MAX_POOL = 10_000;

const NO_NAME =
  "must be 1 to 64 letters, digits, dots, hyphens and underscores; in a file, put a number in quotes";
const NO_SHARE = "must be a number from 0 to 1";
const NO_FIELDS = 'must be header fields such as "name=value,name=value", values percent-encoded';

/** The allowed ranges, by schema. docs/limits.md is made from them. Durations are in milliseconds. */
export const SETTING_RANGES = z.registry<{ min: number; max: number; isDuration: boolean }>();

/** Returns a file's text, or throws. */
export type ReadFile = (path: string) => string;

/** A tunnel's own token. */
const tokenSchema = z
  .string({ error: "set TUNNEL_TOKEN, or TUNNEL_TOKEN_FILE to a file with the token" })
  .transform((text, context): { text: string; token: Token | null } => {
    const result = parseToken(text);
    if (result.ok) return { text, token: result.token };
    context.addIssue({ code: "custom", message: result.problem });
    return z.NEVER;
  });

/** A token of an issuer that the tunnel trusts. Only the relay checks it. */
const issuerTokenSchema = z
  .string({ error: "set TUNNEL_TOKEN_FILE to the file with the token of TUNNEL_IDENTITY" })
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, "is not a JSON Web Token, which TUNNEL_IDENTITY needs")
  .transform((text): { text: string; token: Token | null } => ({ text, token: null }));

/** Every setting, as text (from a flag or the environment) or in YAML's types. Files that are named are read. */
export function settingsSchema(readFile: ReadFile, { hasIdentity } = { hasIdentity: false }) {
  return z.strictObject({
    token: hasIdentity ? issuerTokenSchema : tokenSchema,
    tokenFile: z.string().optional(),
    identity: parsed(
      parseIdentity,
      "must be an identity's address, as `culvert identity add` prints it",
    ).optional(),
    relay: parsed(parseRelayUrl, "must be https://host, or http:// for a relay on this machine").optional(),
    allow: list()
      .default("")
      .transform((text, context) => {
        const rules = parseAllowlist(text);
        if (rules.ok) return rules.rules;
        for (const message of rules.problems) context.addIssue({ code: "custom", message });
        return z.NEVER;
      }),
    services: z.record(z.string(), serviceSchema).default({}).transform(limitsByService),
    upstreams: z.record(z.string(), upstreamSchema(readFile)).default({}).transform(upstreamRules),
    connections: number(1, MAX_CONNECTIONS).default(1),
    connectorName: z
      .string({ error: NO_NAME })
      .regex(HANDSHAKE_TEXT, { error: NO_NAME })
      .default(() => nameOfHost(hostname())),
    maxStreams: number(1, MAX_STREAMS_PER_OBJECT).default(DEFAULT_MAX_STREAMS),
    gracePeriod: duration(0, MAX_GRACE_MS).default(30_000),
    stallTimeout: duration(1, MAX_STALL_TIMEOUT_MS).default(DEFAULT_STALL_TIMEOUT_MS),
    metrics: parsed(parseListenAddress, "must be host:port").optional(),
    loglevel: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(", ")}` }).default("info"),
    accessLog: parsed(parseAccessLogShare, 'must be "all", "off" or a share such as "5%"').default(1),
    proxy: parsed(parseProxyUrl, "must be http://host:port or https://host:port").optional(),
    proxyBypass: list().default("").transform(parseProxyBypass),
    otlpEndpoint: parsed(parseOtlpEndpoint, "must be http://host:port or https://host:port").optional(),
    otlpHeaders: z
      .union([parsed(parseOtlpHeaders, NO_FIELDS), z.record(z.string(), z.string()).refine(areFields)], {
        error: NO_FIELDS,
      })
      .default({}),
    traceShare: share().default(1),
  });
}

const serviceSchema = z.strictObject({
  methods: z.array(z.string().refine(isRequestMethod, "must be a method such as GET")).min(1).optional(),
  paths: z.array(pathPrefixSchema).min(1).optional(),
  maxBodyBytes: z.int().min(0).optional(),
});

function limitsByService(
  services: Record<string, z.infer<typeof serviceSchema>>,
  context: z.RefinementCtx,
): LimitsByService {
  const limits = new Map<string, ServiceLimits>();
  for (const [name, { methods, paths, maxBodyBytes }] of Object.entries(services)) {
    const key = name.toLowerCase();
    const twin = limits.get(key);
    // If the last one counted, the limits of the other would be lost without a word.
    if (twin !== undefined) {
      const message = `is named twice, as ${twin.name} and ${name}: upper and lower case are the same`;
      context.addIssue({ code: "custom", path: [name], message });
    }
    limits.set(key, {
      name,
      methods: methods?.map((method) => method.toUpperCase()) ?? null,
      paths: paths ?? null,
      maxBodyBytes: maxBodyBytes ?? null,
    });
  }
  return limits;
}

function upstreamSchema(readFile: ReadFile) {
  const file = z.string().transform((path, context): string => {
    try {
      return readFile(path);
    } catch (error) {
      context.addIssue({ code: "custom", message: unreadable(error) });
      return z.NEVER;
    }
  });
  return z
    .strictObject({
      protocol: z.enum(["auto", "http1", "http2"]).default(DEFAULT_UPSTREAM.protocol),
      socket: z.string().startsWith("/", "must be an absolute path").optional(),
      hostHeader: parsed(parseAuthority, "must be host or host:port").optional(),
      serverName: z.string().min(1).optional(),
      caFile: file.refine(isCertificate, "has no certificate in PEM").optional(),
      certFile: file.refine(isCertificate, "has no certificate in PEM").optional(),
      keyFile: file.optional(),
      // YAML reads 1.3 as a number.
      minTlsVersion: z.preprocess(String, z.enum(["1.2", "1.3"])).optional(),
      insecure: z.boolean().default(false),
      connectTimeout: duration(1, MAX_CONNECT_TIMEOUT_MS).default(DEFAULT_UPSTREAM.connectTimeoutMs),
      responseTimeout: duration(1, MAX_RESPONSE_TIMEOUT_MS).default(DEFAULT_UPSTREAM.responseTimeoutMs),
      idleTimeout: duration(1, MAX_IDLE_MS).optional(),
      maxConnections: number(1, MAX_POOL).optional(),
      webSocketPings: z.boolean().default(DEFAULT_UPSTREAM.webSocketPings),
    })
    .transform((given, context): UpstreamSettings => {
      const { caFile: ca, certFile: cert, keyFile: key, minTlsVersion } = given;
      const wrong = (key: string, message: string) =>
        context.addIssue({ code: "custom", path: [key], message });
      if (given.insecure && ca !== undefined) wrong("insecure", "makes caFile useless: choose one");
      if ((cert === undefined) !== (key === undefined)) {
        wrong("certFile", "a client certificate needs both certFile and keyFile");
        return z.NEVER;
      }
      try {
        const context = createSecureContext({
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined || key === undefined ? {} : { cert, key }),
          ...(minTlsVersion === undefined ? {} : { minVersion: `TLSv${minTlsVersion}` }),
        });
        return {
          protocol: given.protocol,
          socketPath: given.socket ?? null,
          hostHeader: given.hostHeader ?? null,
          tls: { context, serverName: given.serverName ?? null, insecure: given.insecure },
          connectTimeoutMs: given.connectTimeout,
          responseTimeoutMs: given.responseTimeout,
          idleTimeoutMs: given.idleTimeout ?? null,
          maxConnections: given.maxConnections ?? DEFAULT_UPSTREAM.maxConnections,
          webSocketPings: given.webSocketPings,
        };
      } catch (error) {
        // The message may quote the file.
        const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
        wrong("keyFile", `certificate and key do not work together: ${code}`);
        return z.NEVER;
      }
    });
}

function upstreamRules(
  upstreams: Record<string, UpstreamSettings>,
  context: z.RefinementCtx,
): readonly UpstreamRule[] {
  return Object.entries(upstreams).flatMap(([pattern, settings]) => {
    const host = parseHostRule(pattern);
    if (typeof host === "string") {
      context.addIssue({ code: "custom", path: [pattern], message: host });
      return [];
    }
    if (host.kind === "any" && settings.tls.insecure) {
      const message = "name each upstream whose certificate should not be checked";
      context.addIssue({ code: "custom", path: [pattern, "insecure"], message });
    }
    return [{ pattern, host, settings }];
  });
}

/** The host's name for the relay. Characters that cannot be sent become hyphens. */
export function nameOfHost(host: string): string {
  return host.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 64) || "unnamed";
}

/** Why a file cannot be used, without its content. */
export function unreadable(error: unknown): string {
  return `cannot be read: ${error instanceof Error && "code" in error ? String(error.code) : "no text"}`;
}

function parsed<T>(parse: (text: string) => T | null, problem: string) {
  return z.string({ error: problem }).transform((text, context): T => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue({ code: "custom", message: problem });
    return z.NEVER;
  });
}

/** Text with commas, or a list of texts. */
function list() {
  return z
    .union([z.string(), z.array(z.string())], { error: "must be a list, or text with commas" })
    .transform((value) => (typeof value === "string" ? value : value.join(",")));
}

function number(min: number, max: number) {
  const problem = `must be a number from ${min} to ${max}`;
  const digits = z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number);
  return z
    .union([z.int(), digits], { error: problem })
    .refine((value) => value >= min && value <= max, { error: problem })
    .register(SETTING_RANGES, { min, max, isDuration: false });
}

function share() {
  const digits = z
    .string()
    .regex(/^\d(\.\d{1,9})?$/)
    .transform(Number);
  return z
    .union([z.number(), digits], { error: NO_SHARE })
    .refine((value) => value >= 0 && value <= 1, { error: NO_SHARE });
}

function duration(minMs: number, maxMs: number) {
  const problem = `must be a duration such as "30s", at most ${maxMs / 60_000}m`;
  const read = (text: string): number | null => {
    const ms = parseDurationMs(text);
    return ms !== null && ms >= minMs && ms <= maxMs ? ms : null;
  };
  return parsed(read, problem).register(SETTING_RANGES, { min: minMs, max: maxMs, isDuration: true });
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}
