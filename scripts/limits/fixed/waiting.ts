import { LIMITS, limit, type Section } from "./limit.ts";

const HTTP1 = "connector/upstream/http1";

export const WAITING: Section = {
  title: "Waiting",
  limits: [
    limit(
      "stall toward a peer older than STALL_LIMIT; no connection credit; an unanswered RESET",
      LIMITS,
      "STALL_TIMEOUT_MS",
      "the stream, or the connection, ends with STALLED",
    ),
    limit("between checks for stalls, each with a PING", LIMITS, "STALL_CHECK_MS", "–"),
    limit("between such PINGs, at least", LIMITS, "STALL_PING_GAP_MS", "–"),
    limit("an admin call's answer", "worker/api/in-time.ts", "ANSWER_WITHIN_MS", "504 `NO_ANSWER`"),
    limit("how long stall limits wait for a peer that answers no PING", LIMITS, "MAX_BEHIND_MS", "they end"),
    limit("RESETs without an answer", LIMITS, "MAX_TEARDOWNS", "the connection ends with CALM"),
    limit(
      "requests that wait for a connector, in each object",
      "worker/tunnel/connections/arrivals.ts",
      "MAX_WAITING",
      "503",
    ),
    limit(
      "how long a connector is expected back",
      "worker/tunnel/connections/arrivals.ts",
      "EXPECTED_MS",
      "then 503 at once",
    ),
    limit("idle HTTP/1.1 connection to an upstream", `${HTTP1}/connection.ts`, "IDLE_MS", "closed"),
    limit("the same, if its `Keep-Alive` allows more", `${HTTP1}/connection.ts`, "IDLE_MAX_MS", "closed"),
    limit("age of a connection to an upstream", "connector/upstream/pool.ts", "MAX_AGE_MS", "not used again"),
    limit("idle connections to one origin", "connector/upstream/pool.ts", "MAX_IDLE_PER_ORIGIN", "closed"),
    limit("idle connections to all origins", "connector/upstream/pool.ts", "MAX_IDLE", "closed"),
    limit(
      "before the next address of a name is tried too",
      "connector/names/dial-host.ts",
      "ATTEMPT_DELAY_MS",
      "–",
    ),
    limit(
      "addresses of a name tried at the same time",
      "connector/names/dial-host.ts",
      "MAX_ATTEMPTS",
      "the oldest ends",
    ),
    limit("names looked up at the same time", "connector/names/names.ts", "MAX_IN_FLIGHT", "`UPSTREAM_DNS`"),
    limit(
      "addresses of a name, for each family",
      "connector/names/ask-server.ts",
      "MAX_ADDRESSES",
      "the rest is ignored",
    ),
    limit("how long an answer of DNS is kept", "connector/names/names.ts", "MAX_KEPT_MS", "asked again"),
    limit("how long a failure of DNS is kept", "connector/names/names.ts", "FAILURE_KEPT_MS", "asked again"),
  ],
};
