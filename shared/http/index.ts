/*
 * Rules of HTTP that both ends apply in the same way: which fields exist, which are never passed on, which methods may be repeated.
 *
 * Relay and connector must give the same answer for the same text, or what one checks is not what the other sends. So these are
 * functions without state: a field's name in lower case, one definition of a hop-by-hop field, one of a path with dot segments.
 *
 * Begin with `fields.ts`, then `path-rule.ts` and `dot-segments.ts` (what a policy's path matches). docs/protocol.md#heads and
 * docs/security.md; decision 0032 says what is removed because a gateway cannot vouch for it, 0033 which requests are sent again.
 */
export { climbs } from "./dot-segments.ts";
export type { Field } from "./field.ts";
export {
  HOP_BY_HOP,
  connectionOptions,
  contentLengthOf,
  dashedName,
  isFieldName,
  isFieldValue,
  isRequestMethod,
  isRequestPath,
  isToken,
  joinCookies,
  removeForbiddenTrailers,
  removeHopByHop,
} from "./fields.ts";
export { listMembers, trimBlanks } from "./lists.ts";
export { IDEMPOTENT_METHODS, SAFE_METHODS } from "./methods.ts";
export {
  DESTINATION,
  isMethodOverride,
  isPathOverride,
  namesResource,
  pathNamed,
} from "./named-by-fields.ts";
export { judgePath, type PathRule } from "./path-rule.ts";
export { TRACEPARENT } from "./trace-context.ts";
