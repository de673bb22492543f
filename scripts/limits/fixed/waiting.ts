import { LIMITS, limit, type Section } from "./limit.ts";

const HTTP1 = "connector/upstream/http1";

export const WAITING: Section = {
  title: "Waiting",
  limits: [
    limit(
      "stall toward a peer of before STALL_LIMIT; no connection credit; an unanswered RESET",
      LIMITS,
      "STALL_TIMEOUT_MS",
      "the stream, or the connection, ends with STALLED",
    ),
    limit("between looks for stalls, each with a PING", LIMITS, "STALL_CHECK_MS", "–"),
    limit("at least between such PINGs", LIMITS, "STALL_PING_GAP_MS", "–"),
    limit("an admin call's answer", "worker/api/in-time.ts", "ANSWER_WITHIN_MS", "504 `NO_ANSWER`"),
    limit("stalls wait for a peer that answers no PING", LIMITS, "MAX_BEHIND_MS", "over all the same"),
    limit("RESETs without an answer", LIMITS, "MAX_TEARDOWNS", "the connection ends with CALM"),
    limit(
      "requests that wait for a connector, each object",
      "worker/tunnel/connections/arrivals.ts",
      "MAX_WAITING",
      "503",
    ),
    limit(
      "a connector is expected back after it left",
      "worker/tunnel/connections/arrivals.ts",
      "EXPECTED_MS",
      "then 503 at once",
    ),
    limit("an idle HTTP/1.1 connection to an upstream", `${HTTP1}/connection.ts`, "IDLE_MS", "ended"),
    limit("the same, as far as its `Keep-Alive` says", `${HTTP1}/connection.ts`, "IDLE_MAX_MS", "ended"),
    limit("age of a connection to an upstream", "connector/upstream/pool.ts", "MAX_AGE_MS", "not used again"),
    limit("idle connections to one origin", "connector/upstream/pool.ts", "MAX_IDLE_PER_ORIGIN", "ended"),
    limit("idle connections to all", "connector/upstream/pool.ts", "MAX_IDLE", "ended"),
    limit(
      "until the next address of a name is tried as well",
      "connector/names/dial-host.ts",
      "ATTEMPT_DELAY_MS",
      "–",
    ),
    limit(
      "attempts at addresses of a name beside one another",
      "connector/names/dial-host.ts",
      "MAX_ATTEMPTS",
      "the oldest ends",
    ),
    limit("names looked up at a time", "connector/names/names.ts", "MAX_IN_FLIGHT", "`UPSTREAM_DNS`"),
    limit(
      "addresses of a name, each family",
      "connector/names/ask-server.ts",
      "MAX_ADDRESSES",
      "the rest is ignored",
    ),
    limit("an answer of DNS kept", "connector/names/names.ts", "MAX_KEPT_MS", "asked again"),
    limit("a failure of DNS kept", "connector/names/names.ts", "FAILURE_KEPT_MS", "asked again"),
  ],
};
