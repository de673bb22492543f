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

/** A relay that was deployed anew has its connectors back in less. */
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

/** Whole segments in the one spelling that every upstream reads alike: nothing encoded, empty or of dots. */
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

/** What both a service and a network say besides whom they name. */
const ruleShape = {
  configurations: z.array(accessSchema).max(MAX_CONFIGURATIONS),
  /** Absent: the connector's default. */
  connectTimeoutMs: z.int().min(1).max(MAX_CONNECT_TIMEOUT_MS).optional(),
  /** From the whole request sent to the response's head. Absent: the connector's default. */
  responseTimeoutMs: z.int().min(1).max(MAX_RESPONSE_TIMEOUT_MS).optional(),
  /** How long gateway or upstream may take nothing of what waits for them. Absent: the connector's TUNNEL_STALL_TIMEOUT. */
  stallTimeoutMs: z.int().min(1).max(MAX_STALL_TIMEOUT_MS).optional(),
  /** Of a request. Absent: no limit. */
  maxBodyBytes: z.int().min(0).optional(),
  /** How long a request may wait for a connector that is expected back, 0 for not at all. Absent: 5 s. */
  connectorWaitMs: z.int().min(0).max(30_000).optional(),
  /** Requests carry a Via field (RFC 9110 §7.6.3). Absent: no, because some upstreams treat it as a reason to compress nothing. */
  via: z.boolean().optional(),
  /** Answers carry `culvert-request-id`. Absent: those of the tunnel itself do, and no others. */
  requestId: z.boolean().optional(),
  /**
   * What was lost with a connector before any answer, and can be replayed, is sent to another one, once. Absent: GET, HEAD,
   * OPTIONS, QUERY. True: PUT and DELETE as well. False: nothing.
   */
  retry: z.boolean().optional(),
  /** TCP alone: how long nothing may come or go before the connection is cut. Absent: 15 min. */
  idleTimeoutMs: z.int().min(1).max(MAX_IDLE_TIMEOUT_MS).optional(),
  /** TCP alone: how many each connector has open at once. Absent: as many as it takes streams. */
  maxConnections: z.int().min(1).max(MAX_TCP_CONNECTIONS).optional(),
};

/** A gateway's URL could not carry these as its host: the URL standard reads them as an IP address or as IDNA. */
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
   * What the upstream is told as its Host: its own ("endpoint", also where absent), that of the gateway's public URL, where
   * there is one ("public"), or this host or host:port.
   */
  hostHeader: z
    .string()
    .max(260)
    .refine(
      (text) => text === "endpoint" || text === "public" || parseAuthority(text) !== null,
      'must be "endpoint", "public", or host or host:port',
    )
    .optional(),
  /** A tcp:// endpoint alone: the connector asks for TLS in this protocol's own way, and the gateway's driver does not. */
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

/** The services file: what a tunnel leads to and who may call it. What no rule allows is denied. */
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
        const message = `has the name of services[${first}]; names differ only in case`;
        context.addIssue({ code: "custom", path: ["services", index, "name"], message });
      }
    }
  });

/** What says something of HTTP alone, and of TCP alone. */
const HTTP_KEYS = ["hostHeader", "responseTimeoutMs", "maxBodyBytes", "via", "requestId"];
const TCP_KEYS = ["startTls", "idleTimeoutMs", "maxConnections"];

/** What stands in a rule and would have no effect there: whoever wrote it believes that something is limited. */
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
