import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setBaseUrl, setFetch } from "http-cache-tests/client/config.mjs";
import { makeCacheTest, testResults } from "http-cache-tests/client/test.mjs";
import handleConfig from "http-cache-tests/server/handle-config.mjs";
import handleState from "http-cache-tests/server/handle-state.mjs";
import handleTest from "http-cache-tests/server/handle-test.mjs";
import groups from "http-cache-tests/tests/index.mjs";
import surrogateControl from "http-cache-tests/tests/surrogate-control.mjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startSystem } from "../support/system.ts";
import type { System } from "../support/system.ts";

/**
 * The cases of http-cache-tests (cache-tests.fyi), which compares nginx, Squid, Varnish and others. Its client runs here,
 * its origin behind the tunnel. It checks whether each answer came from the origin or from a cache, with which status,
 * fields and body, and what the origin saw of the request. The tunnel caches nothing: a case passes, or it expects a cached
 * answer and fails for that reason. All other outcomes are listed here.
 */
const NAMED: Record<string, { outcome: string; because: string }> = {
  ...named(
    "Response 2 comes from cache",
    "the tunnel's own 502, as the origin hung up, has no request counter",
    [
      "stale-close-must-revalidate",
      "stale-close-proxy-revalidate",
      "stale-close-no-cache",
      "stale-close-s-maxage=2",
    ],
  ),
  ...named(
    "Response 2 status is 501, not 200",
    "workerd does not know M-SEARCH, and answers before the gateway",
    ["invalidate-M-SEARCH", "invalidate-M-SEARCH-cl"],
  ),
  ...named(
    "Response 2 status is 501, not 500",
    "workerd does not know M-SEARCH, and answers before the gateway",
    ["invalidate-M-SEARCH-failed"],
  ),
  ...named("passes", "the client itself asks for validation, and its condition reaches the origin", [
    "conditional-lm-stale",
  ]),
  ...named(
    "Response 1 status is 502, not 200",
    "its transfer coding is one that nobody knows: what it has made of the body cannot be undone",
    ["headers-store-Transfer-Encoding"],
  ),
  ...named("Response 1 status is 200, not 504", "only a store can obey only-if-cached", ["ccreq-oic"]),
  ...named('Response 2 header Template-A is "null", not "1"', "only a store can add fields it remembers", [
    "head-200-retain",
  ]),
  ...named('Request 2 header range is "undefined", not "bytes=5-"', "only a store can complete what it has", [
    "partial-store-partial-complete",
  ]),
  ...named('Request 1 header If-None-Match is "abcdef", not ""abcdef""', "fields are passed on as they are", [
    "conditional-etag-forward-unquoted",
  ]),
  ...named("Request 1 Surrogate-Capability header not present.", "the tunnel is no surrogate", [
    "surrogate-append-capabilities",
  ]),
};

function named(outcome: string, because: string, ids: string[]): typeof NAMED {
  return Object.fromEntries(ids.map((id) => [id, { outcome, because }]));
}

/** What the suite must report for a case behind a proxy without a cache. */
function expectedOutcome({ id, requests }: (typeof cases)[number]): string {
  const exception = NAMED[id];
  if (exception !== undefined) return exception.outcome;
  const number = 1 + requests.findIndex(({ expected_type: type = "not_cached" }) => type !== "not_cached");
  if (number === 0) return "passes";
  // The origin answers 999 if the cache's condition is missing. The tunnel does not pass on such a status.
  return requests[number - 1]?.expected_type === "cached"
    ? `Response ${number} does not come from cache`
    : `Response ${number} status is 502, not 200`;
}

/** Most of a case's time is the suite's own pause of 3 s. */
const AT_ONCE = 120;

const cases = [...groups, surrogateControl]
  .flatMap(({ tests }) => tests)
  .filter(({ browser_only: browserOnly }) => browserOnly !== true);

const ORIGIN: Record<string, typeof handleTest> = {
  config: handleConfig,
  state: handleState,
  test: handleTest,
};
const origin = createServer((request: IncomingMessage, response: ServerResponse) => {
  const [, route = "", ...rest] = new URL(request.url ?? "/", "http://origin").pathname.split("/");
  const handle = ORIGIN[route];
  if (handle === undefined) response.writeHead(404).end();
  else handle(rest, request, response);
});

let system: System;
beforeAll(async () => {
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  const { port } = origin.address() as AddressInfo;
  system = await startSystem({ endpoints: { "suite-api": `http://127.0.0.1:${port}` } });
  setFetch(fetch);
  setBaseUrl(`${system.gatewayUrl}/pass/TUNNEL/http://suite-api`);
  const waiting = [...cases];
  const lane = async () => {
    // The suite writes its generated dates into the cases, so it gets a copy.
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await makeCacheTest(structuredClone(next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}, 180_000);
afterAll(async () => {
  await system?.stop();
  origin.closeAllConnections();
  origin.close();
});

it.for(cases.map((suiteCase) => [suiteCase.id, expectedOutcome(suiteCase)] as const))(
  "%s: %s",
  ([id, outcome]) => {
    const result = testResults[id];
    expect(result === true ? "passes" : result?.[1]).toBe(outcome);
  },
);

it("every named case exists in the suite", () => {
  const ids = new Set(cases.map(({ id }) => id));
  expect(Object.keys(NAMED).filter((id) => !ids.has(id))).toEqual([]);
});
