/*
 * The services file: which upstreams there are, and which callers may use which of their paths.
 *
 * One schema reads the file everywhere: in `culvert apply`, in the admin API, in the dashboard and in the tunnel's objects. What it
 * does not know it refuses, because a rule that is misspelt must not be a rule that is missing. An upstream's address has one
 * spelling, the one of `URL`; relay and connector compare texts.
 *
 * Begin with `services-file.ts`, then `upstream-address.ts` and `service-check.ts`. docs/limits.md has the ranges; decision 0008
 * says who decides by the file, 0010 why connectors make its checks.
 */
export type { TunnelBindingProps } from "./binding-props.ts";
export { publicUrlSchema } from "./public-url.ts";
export { defaultCheck, parseServiceChecks, type ServiceCheck } from "./service-check.ts";
export { callers, servicesDifference } from "./services-difference.ts";
export {
  DEFAULT_CONNECTOR_WAIT_MS,
  EMPTY_SERVICES_FILE,
  MAX_SERVICES_FILE_BYTES,
  callerSchema,
  pathPrefixSchema,
  servicesFileSchema,
  type Access,
  type Caller,
  type Network,
  type Service,
  type ServicesFile,
} from "./services-file.ts";
export {
  isTcpEndpoint,
  parseAuthority,
  parseEndpoint,
  parseHostPattern,
  parseTcpEndpoint,
  type Endpoint,
} from "./upstream-address.ts";
