// What the tests use of http-cache-tests, which has no types of its own.
interface SuiteCase {
  id: string;
  /** Set if the client under test has to be a browser with a cache of its own. */
  browser_only?: boolean;
  requests: { expected_type?: "cached" | "not_cached" | "etag_validated" | "lm_validated" }[];
}
declare module "http-cache-tests/tests/index.mjs" {
  const groups: { tests: SuiteCase[] }[];
  export default groups;
}
declare module "http-cache-tests/tests/surrogate-control.mjs" {
  const group: { tests: SuiteCase[] };
  export default group;
}
declare module "http-cache-tests/client/config.mjs" {
  export function setFetch(call: typeof fetch): void;
  export function setBaseUrl(url: string): void;
}
declare module "http-cache-tests/client/test.mjs" {
  /** By the case's id: true if it passed, otherwise the kind of failure and its message. */
  export const testResults: Record<string, true | [kind: string, message: string]>;
  /** Runs the case, and resolves whether it passes or fails. */
  export function makeCacheTest(test: object): Promise<void>;
}
declare module "http-cache-tests/server/handle-*" {
  import type { IncomingMessage, ServerResponse } from "node:http";
  export default function handle(
    pathSegments: string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): void;
}
