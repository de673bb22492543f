import * as z from "zod";
import {
  MAX_CONNECT_TIMEOUT_MS,
  MAX_ENDPOINT_PATH_LENGTH,
  MAX_IDLE_TIMEOUT_MS,
  MAX_RESPONSE_TIMEOUT_MS,
  MAX_STALL_TIMEOUT_MS,
} from "../protocol/index.ts";
import { healthCheckSchema } from "./service-check.ts";
import { isTcpEndpoint, parseAuthority, parseEndpoint, parseHostPattern } from "./upstream-address.ts";

/** A services file in bytes of JSON; well under what one row of the relay's storage holds (2 MB). */
export const MAX_SERVICES_FILE_BYTES = 256 * 1024;

/** After a deploy of the relay, its connectors are back sooner than this. */
export const DEFAULT_CONNECTOR_WAIT_MS = 5_000;

const MAX_ENTRIES = 1000;
const MAX_CONFIGURATIONS = 100;
const MAX_TCP_CONNECTIONS = 10_000;

const projectSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, "must be a project's name: letters, digits and . _ / -");

const environmentSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, "must be an environment's name: letters, digits and . _ / -");

/** Who a gateway is: these two come from its binding or its key, never from a request. */
export const callerSchema = z.strictObject({ project: projectSchema, environment: environmentSchema });

/** Whole segments in a spelling that every upstream reads in the same way: not encoded, not empty, and not dots. */
const PATH_PREFIX = /^\/(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~!$&'()*+,=:@-]+(?:\/|$))*$/;

export const pathPrefixSchema = z
  .string()
  .max(1024)
  .regex(
    PATH_PREFIX,
    "must be a path such as /v1/charges, without encoding, query and dot or empty segments",
  );

const accessSchema = z.strictObject({
  project: projectSchema,
  accessibleBy: z.union([environmentSchema, z.array(environmentSchema).max(MAX_CONFIGURATIONS)], {
    error: "must be an environment's name or a list of them, such as production, preview, working-copy",
  }),
  /** What these environments may ask for, by prefix. Absent: every path. */
  paths: z.array(pathPrefixSchema).min(1).max(MAX_CONFIGURATIONS).optional(),
});

/** The keys that services and networks have in common. */
const ruleShape = {
  configurations: z.array(accessSchema).max(MAX_CONFIGURATIONS),
  /** Absent: the connector's default. */
  connectTimeoutMs: z.int().min(1).max(MAX_CONNECT_TIMEOUT_MS).optional(),
  /** From the whole request sent to the response's head. Absent: the connector's default. */
  responseTimeoutMs: z.int().min(1).max(MAX_RESPONSE_TIMEOUT_MS).optional(),
  /** How long the gateway or the upstream may read nothing of what waits for it. Absent: the connector's TUNNEL_STALL_TIMEOUT. */
  stallTimeoutMs: z.int().min(1).max(MAX_STALL_TIMEOUT_MS).optional(),
  /** Limit of a request's body. Absent: no limit. */
  maxBodyBytes: z.int().min(0).optional(),
  /** How long a request may wait for a connector that is expected back, 0 for not at all. Absent: 5 s. */
  connectorWaitMs: z.int().min(0).max(30_000).optional(),
  /** Requests carry a Via field (RFC 9110 §7.6.3). Absent: no, because some upstreams treat it as a reason to compress nothing. */
  via: z.boolean().optional(),
  /** Answers carry `culvert-request-id`. Absent: those of the tunnel itself do, and no others. */
  requestId: z.boolean().optional(),
  /**
   * Which requests are sent to another connector, once, if they were lost with theirs before any answer and can be replayed. Absent:
   * GET, HEAD, OPTIONS and QUERY. True: also PUT and DELETE. False: none.
   */
  retry: z.boolean().optional(),
  /** Only TCP: the connection is cut if no bytes pass for so long. Absent: 15 min. */
  idleTimeoutMs: z.int().min(1).max(MAX_IDLE_TIMEOUT_MS).optional(),
  /** Only TCP: connections that each connector may have open at once. Absent: limited only by its streams. */
  maxConnections: z.int().min(1).max(MAX_TCP_CONNECTIONS).optional(),
};

/** These cannot be the host of a gateway's URL, because the URL standard reads them as an IP address or as IDNA. */
const UNREACHABLE_NAME = /^(?:[0-9]+|0x[0-9a-f]*|xn--.*)$/i;

const serviceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9-]{3,24}$/, "must be 3 to 24 letters, digits and hyphens")
    .refine((name) => !UNREACHABLE_NAME.test(name), "must not be a number or start with xn--"),
  endpoint: z
    .string()
    .max(2048)
    .refine(
      (text) => parseEndpoint(text) !== null || isTcpEndpoint(text),
      "must be an http or https URL without credentials, query and fragment, or tcp://host:port or tls://host:port",
    )
    .refine(
      (text) => (parseEndpoint(text)?.pathPrefix.length ?? 0) <= MAX_ENDPOINT_PATH_LENGTH,
      `must have a path of at most ${MAX_ENDPOINT_PATH_LENGTH} characters, encoded ones counted as three`,
    ),
  /**
   * The Host that the upstream gets: its own ("endpoint", also if absent), that of the gateway's public URL if there is one
   * ("public"), or this host or host:port.
   */
  hostHeader: z
    .string()
    .max(260)
    .refine(
      (text) => text === "endpoint" || text === "public" || parseAuthority(text) !== null,
      'must be "endpoint", "public", or host or host:port',
    )
    .optional(),
  /** Only for a tcp:// endpoint: the connector starts TLS in the way of this protocol, so that the gateway's driver need not. */
  startTls: z.enum(["postgres"]).optional(),
  /** Absent: checked with the defaults. False: not checked. */
  healthCheck: z.union([z.literal(false), healthCheckSchema]).optional(),
  ...ruleShape,
});

const networkSchema = z.strictObject({
  /** Absent: http. */
  protocol: z.enum(["http", "tcp"]).optional(),
  hosts: z
    .array(
      z
        .string()
        .max(260)
        .refine((text) => parseHostPattern(text) !== null, "must be host, host:port or *.domain:port"),
    )
    .min(1)
    .max(MAX_ENTRIES),
  ...ruleShape,
});

/** The services file: what a tunnel leads to and who may call it. Whatever no rule allows is denied. */
export const servicesFileSchema = z
  .strictObject({
    version: z.literal(1),
    services: z.array(serviceSchema).max(MAX_ENTRIES),
    networks: z.array(networkSchema).max(MAX_ENTRIES).optional(),
  })
  .superRefine(({ services, networks = [] }, context) => {
    const misplaced = (rule: Record<string, unknown>, isTcp: boolean, path: (string | number)[]): void => {
      for (const [at, message] of misplacedKeys(rule, isTcp))
        context.addIssue({ code: "custom", path: [...path, ...at], message });
    };
    for (const [index, service] of services.entries())
      misplaced(service, isTcpEndpoint(service.endpoint), ["services", index]);
    for (const [index, network] of networks.entries())
      misplaced(network, network.protocol === "tcp", ["networks", index]);
    const firstIndex = new Map<string, number>();
    for (const [index, { name }] of services.entries()) {
      const first = firstIndex.get(name.toLowerCase());
      if (first === undefined) firstIndex.set(name.toLowerCase(), index);
      else {
        const message = `has the same name as services[${first}] (case does not count)`;
        context.addIssue({ code: "custom", path: ["services", index, "name"], message });
      }
    }
  });

/** Keys that are only for HTTP, and keys that are only for TCP. */
const HTTP_KEYS = ["hostHeader", "responseTimeoutMs", "maxBodyBytes", "via", "requestId"];
const TCP_KEYS = ["startTls", "idleTimeoutMs", "maxConnections"];

/** Keys that would have no effect in their rule. They are refused, because their author believes that something is limited. */
function* misplacedKeys(
  rule: Record<string, unknown>,
  isTcp: boolean,
): Generator<[path: (string | number)[], message: string]> {
  for (const key of isTcp ? HTTP_KEYS : TCP_KEYS) {
    if (rule[key] !== undefined) yield [[key], isTcp ? "has no meaning for TCP" : "is only for TCP"];
  }
  if (!isTcp) return;
  const { endpoint, startTls, healthCheck, hosts, configurations } = rule as Partial<Service> &
    Partial<Network>;
  if (startTls !== undefined && /^tls:/i.test(endpoint ?? ""))
    yield [["startTls"], "is for tcp:// endpoints: tls:// begins with TLS"];
  if (typeof healthCheck === "object" && healthCheck.path !== undefined)
    yield [["healthCheck", "path"], "has no meaning for TCP: it is checked by connecting"];
  for (const [index, host] of (hosts ?? []).entries()) {
    if (!/:[0-9]+$/.test(host)) yield [["hosts", index], "must name a port: TCP has no default"];
  }
  for (const [index, { paths }] of (configurations ?? []).entries()) {
    if (paths !== undefined) yield [["configurations", index, "paths"], "has no meaning for TCP"];
  }
}

export type Caller = z.infer<typeof callerSchema>;
export type Access = z.infer<typeof accessSchema>;
export type Service = z.infer<typeof serviceSchema>;
export type Network = z.infer<typeof networkSchema>;
export type ServicesFile = z.infer<typeof servicesFileSchema>;

export const EMPTY_SERVICES_FILE: ServicesFile = { version: 1, services: [], networks: [] };
