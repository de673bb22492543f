import type { Unit } from "./units.ts";

/** One constant of the code. */
export interface FixedLimit {
  what: string;
  file: string;
  constant: string;
  /** Where the constant's name does not say it. */
  unit?: Unit;
  /** What happens beyond it, or why it is there. */
  beyond: string;
}

export interface Section {
  title: string;
  text?: string;
  limits: readonly FixedLimit[];
}

const LIMITS = "shared/protocol/limits.ts";
const CAPTURES = "shared/capture/captured-request.ts";
const IDENTITIES = "worker/auth/workload-identity";
const HTTP1 = "connector/upstream/http1";
const INTERIM = "connector/upstream/interim-budget.ts";

const limit = (what: string, file: string, constant: string, beyond: string, unit?: Unit): FixedLimit => ({
  ...{ what, file, constant, beyond },
  ...(unit === undefined ? {} : { unit }),
});

/** What nobody can set. Every constant of `shared/protocol/limits.ts` stands in exactly one section. */
export const FIXED_LIMITS: readonly Section[] = [
  {
    title: "A request",
    text: "A head that is refused reaches no connector. Characters are UTF-16 units: for ASCII they are bytes.",
    limits: [
      limit("path with query", LIMITS, "MAX_REQUEST_PATH_LENGTH", "414 `URI_TOO_LONG`"),
      limit(
        "path of an endpoint, encoded",
        LIMITS,
        "MAX_ENDPOINT_PATH_LENGTH",
        "the services file is refused",
      ),
      limit("both together", LIMITS, "MAX_PATH_LENGTH", "–"),
      limit(
        "both, where only connectors of before LONG_HEADS are attached",
        LIMITS,
        "SHORT_PATH_LENGTH",
        "414 `URI_TOO_LONG`, which says so",
      ),
      limit("fields", LIMITS, "MAX_FIELDS", "431 `FIELDS_TOO_LARGE`"),
      limit("name of a field", LIMITS, "MAX_FIELD_NAME_LENGTH", "431 `FIELDS_TOO_LARGE`"),
      limit("names and values together", LIMITS, "MAX_HEAD_BYTES", "431 `FIELDS_TOO_LARGE`"),
      limit(
        "kept of a body, so that it can be moved",
        "worker/exchange/request-body.ts",
        "REPLAY_BYTES",
        "not moved",
      ),
    ],
  },
  {
    title: "An answer",
    text: "An answer's head is bounded like a request's; beyond it is 502 `UPSTREAM_PROTOCOL`.",
    limits: [
      limit("head of HTTP/1.1, on the wire", `${HTTP1}/head.ts`, "MAX_WIRE_BYTES", "502 `UPSTREAM_PROTOCOL`"),
      limit(
        "chunk extensions of one body",
        `${HTTP1}/response.ts`,
        "MAX_EXTENSION_BYTES",
        "the body is broken off",
      ),
      limit("digits of a chunk's size", `${HTTP1}/response.ts`, "MAX_SIZE_DIGITS", "the body is broken off"),
      limit("1xx before a head at once", INTERIM, "MAX_INTERIM_HEADS", "502 `UPSTREAM_PROTOCOL`"),
      limit("1xx each second after that", INTERIM, "INTERIM_HEADS_PER_SECOND", "502 `UPSTREAM_PROTOCOL`"),
      limit("their size at once", INTERIM, "MAX_INTERIM_BYTES", "502 `UPSTREAM_PROTOCOL`"),
      limit(
        "their size each second",
        INTERIM,
        "INTERIM_BYTES_PER_SECOND",
        "502 `UPSTREAM_PROTOCOL`",
        "bytes",
      ),
      limit(
        "response times that 102 may ask for, an hour in all",
        "connector/upstream/upstream.ts",
        "MAX_WAITS",
        "504 `UPSTREAM_RESPONSE_TIMEOUT`",
      ),
    ],
  },
  {
    title: "WebSockets",
    limits: [
      limit("message", LIMITS, "MAX_WEBSOCKET_MESSAGE_BYTES", "closed with 1009"),
      limit("reason of a close", LIMITS, "MAX_CLOSE_REASON_BYTES", "cut at a character"),
      limit(
        "waiting for an upstream that stands still, when memory is short",
        "worker/exchange/websocket/send-backlog.ts",
        "STILL_MS",
        "closed with 1013",
      ),
      limit(
        "waiting for a gateway that reads slowly",
        "worker/exchange/websocket/message-intake.ts",
        "GATEWAY_BACKLOG_BYTES",
        "the upstream has to wait",
      ),
      limit(
        "of a message that is put together, whatever else is",
        "worker/exchange/websocket/message-room.ts",
        "SMALL_BYTES",
        "it waits for room",
      ),
      limit(
        "messages over that beside each other",
        "worker/exchange/websocket/message-room.ts",
        "OPEN_BYTES",
        "all upstreams but one have to wait",
      ),
      limit(
        "one of these that does not grow by 32 KiB while others wait",
        "worker/exchange/websocket/message-room.ts",
        "STILL_MS",
        "closed with 1013",
      ),
      limit(
        "granted to a gateway's messages with the 101",
        "connector/serve/serve-websocket.ts",
        "WEBSOCKET_AHEAD_BYTES",
        "what memory there is",
      ),
      limit(
        "waiting in an upstream's socket",
        "connector/serve/serve-websocket.ts",
        "SOCKET_BACKLOG_BYTES",
        "the gateway's messages wait before it",
      ),
      limit(
        "between two looks whether an upstream shows life",
        "connector/serve/upstream-pings.ts",
        "LOOK_EVERY_MS",
        "–",
      ),
      limit(
        "looks without life until it is pinged",
        "connector/serve/upstream-pings.ts",
        "SILENT_LOOKS_UNTIL_PING",
        "–",
      ),
      limit(
        "looks without life until it has vanished",
        "connector/serve/upstream-pings.ts",
        "SILENT_LOOKS_UNTIL_LOST",
        "closed with 1011",
      ),
      limit(
        "an upstream's answer to a close",
        "connector/upstream/websocket/upstream-socket.ts",
        "CLOSE_TIMEOUT_MS",
        "its connection is ended",
      ),
    ],
  },
  {
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
      limit(
        "age of a connection to an upstream",
        "connector/upstream/pool.ts",
        "MAX_AGE_MS",
        "not used again",
      ),
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
  },
  {
    title: "Connections between relay and connector",
    limits: [
      limit("connections of one object", LIMITS, "MAX_CONNECTIONS_PER_OBJECT", "409 for the next"),
      limit("streams of one object", LIMITS, "MAX_STREAMS_PER_OBJECT", "503 `OVERLOADED`"),
      limit("of them kept for callers with little open", LIMITS, "RESERVED_STREAMS", "503 `OVERLOADED`"),
      limit(
        "requests that wait for their share, at the relay's object and at the connector",
        "shared/streams/waiting-room.ts",
        "MAX_WAITING",
        "503 `OVERLOADED`",
      ),
      limit("such a wait", "shared/streams/waiting-room.ts", "MAX_WAIT_MS", "503 `OVERLOADED`"),
      limit(
        "the same, while none of the same caller and service is let in",
        "shared/streams/waiting-room.ts",
        "MAX_STILL_MS",
        "503 `OVERLOADED`",
      ),
      limit("HELLO", LIMITS, "HELLO_TIMEOUT_MS", "close 4408"),
      limit(
        "from dialling to WELCOME",
        "connector/relay/relay-connection.ts",
        "HANDSHAKE_TIMEOUT_MS",
        "dialled anew",
      ),
      limit("between two keepalives", LIMITS, "KEEPALIVE_INTERVAL_MS", "–"),
      limit(
        "answer of a connector that was silent for long",
        LIMITS,
        "KEEPALIVE_TIMEOUT_MS",
        "the connection is lost",
      ),
      limit("silence under traffic, twice", LIMITS, "ANSWER_TIMEOUT_MS", "asked, then silent"),
      limit(
        "silence of the relay in all, while it cannot be reached otherwise",
        LIMITS,
        "MAX_SILENCE_MS",
        "the connection is lost",
      ),
      limit("longest wait between two attempts to connect", "shared/time/backoff.ts", "CAP_MS", "–"),
      limit("drain of a connection that has no ids left", LIMITS, "RETIRE_DRAIN_MS", "–"),
      limit("message", LIMITS, "MAX_MESSAGE_BYTES", "connection error"),
      limit("message aimed at", LIMITS, "TARGET_MESSAGE_BYTES", "–"),
      limit("DATA, WSMSG", LIMITS, "MAX_DATA_BYTES", "connection error"),
      limit("the same, sent to a peer of before LARGE_DATA", LIMITS, "SMALL_DATA_BYTES", "–"),
      limit("a stream's turn", LIMITS, "QUANTUM_BYTES", "the next one's"),
      limit("frame of a head", LIMITS, "MAX_HEAD_FRAME_BYTES", "connection error"),
      limit("the same, sent to a peer of before LONG_HEADS", LIMITS, "SHORT_HEAD_FRAME_BYTES", "–"),
      limit("detail of RESET, text of GOAWAY", LIMITS, "MAX_DETAIL_BYTES", "cut"),
      limit("settings in one frame", LIMITS, "MAX_SETTINGS", "connection error"),
      limit("frame of settings", LIMITS, "MAX_SETTINGS_BYTES", "connection error"),
      limit("list of checks", LIMITS, "MAX_CHECKS_BYTES", "the last services are not checked"),
      limit("checks", LIMITS, "MAX_CHECKS", "the last ones are not made"),
    ],
  },
  {
    title: "Windows and buffers",
    text: "They limit what is kept for slow readers.",
    limits: [
      limit("window of a stream toward the relay, at first", LIMITS, "RELAY_STREAM_WINDOW_BYTES", "–"),
      limit(
        "window of an HTTP/2 upstream's stream, within the connector's memory",
        "connector/upstream/http2/stream.ts",
        "STREAM_WINDOW_BYTES",
        "the upstream waits",
      ),
      limit("the same, grown", LIMITS, "RELAY_STREAM_WINDOW_MAX_BYTES", "–"),
      limit(
        "window of a stream toward the connector, at first",
        LIMITS,
        "CONNECTOR_STREAM_WINDOW_BYTES",
        "–",
      ),
      limit("the same, grown", LIMITS, "CONNECTOR_STREAM_WINDOW_MAX_BYTES", "–"),
      limit(
        "memory for all objects of an isolate",
        LIMITS,
        "RELAY_MEMORY_BYTES",
        "the largest that stands still is ended",
      ),
      limit(
        "of it never for large windows and queues",
        LIMITS,
        "RELAY_MEMORY_RESERVE_BYTES",
        "they stay as they are",
      ),
      limit("memory for all connections of a connector", LIMITS, "CONNECTOR_MEMORY_BYTES", "–"),
      limit(
        "of it never for large windows and queues",
        LIMITS,
        "CONNECTOR_MEMORY_RESERVE_BYTES",
        "they stay as they are",
      ),
      limit("counted for a stream besides its bytes", LIMITS, "STREAM_OVERHEAD_BYTES", "–"),
      limit("counted for each thing in a queue besides its bytes", LIMITS, "ITEM_OVERHEAD_BYTES", "–"),
      limit("opened with a request, as large as the last answers", LIMITS, "AHEAD_MIN_BYTES", "–"),
      limit("opened with a request, for each ms of the path", LIMITS, "AHEAD_BYTES_PER_MS", "–", "bytes"),
      limit("window of a connection", LIMITS, "CONNECTION_WINDOW_BYTES", "–"),
      limit("its credit returns after", LIMITS, "CONNECTION_CREDIT_STEP_BYTES", "–"),
      limit("or, over slow links, after", LIMITS, "SLOW_CREDIT_BYTES", "–"),
      limit("once in", LIMITS, "SLOW_CREDIT_MS", "–"),
      limit("a stream's returns to a slow reader after", LIMITS, "SLOW_STREAM_CREDIT_BYTES", "–"),
      limit("once in, and four times in a stall limit", LIMITS, "SLOW_STREAM_CREDIT_MS", "–"),
      limit("unacknowledged bytes of an object", LIMITS, "MAX_UNACKNOWLEDGED_BYTES", "data waits"),
      limit("of these for each connection at least", LIMITS, "MIN_UNACKNOWLEDGED_BYTES", "–"),
      limit("under way on a connection at least", LIMITS, "MIN_UNDER_WAY_BYTES", "–"),
      limit("waiting in the socket", LIMITS, "SEND_BACKLOG_BYTES", "data waits before it"),
      limit(
        "waiting of one stream, until its writer stops, while memory is ample",
        LIMITS,
        "SEND_QUEUE_HIGH_BYTES",
        "the writer stops",
      ),
      limit("the same, when memory is used up", LIMITS, "SEND_QUEUE_MIN_BYTES", "the writer stops"),
      limit("cost of a WebSocket frame besides its bytes", LIMITS, "MESSAGE_OVERHEAD_BYTES", "–"),
      limit("gathering toward the relay, for each stream", LIMITS, "GATHER_MS_PER_STREAM", "–", "ms"),
      limit("gathering toward the relay at most", LIMITS, "MAX_GATHER_MS", "–"),
      limit("gathering from the relay at most", LIMITS, "RELAY_MAX_GATHER_MS", "–"),
      limit("not worth gathering", LIMITS, "MIN_GATHER_MS", "–"),
    ],
  },
  {
    title: "Keys, configuration and the API",
    limits: [
      limit(
        "services file",
        "shared/services/services-file.ts",
        "MAX_SERVICES_FILE_BYTES",
        "413 `BODY_TOO_LARGE`",
      ),
      limit(
        "log destination",
        "shared/events/log-destination.ts",
        "MAX_LOG_DESTINATION_BYTES",
        "413 `BODY_TOO_LARGE`",
      ),
      limit("other bodies", "worker/api/routes/tunnels.ts", "SMALL_BODY_BYTES", "413 `BODY_TOO_LARGE`"),
      limit(
        "overlap of tokens",
        "worker/api/routes/tunnels.ts",
        "MAX_OVERLAP_SECONDS",
        "400 `INVALID_REQUEST`",
      ),
      limit("the same, unless set", "worker/api/routes/tunnels.ts", "DEFAULT_OVERLAP_SECONDS", "–"),
      limit(
        "identities of a tunnel",
        "worker/registry/identities.ts",
        "MAX_IDENTITIES_PER_TUNNEL",
        "409 `LIMIT_REACHED`",
      ),
      limit(
        "an identity with its keys",
        `${IDENTITIES}/workload-identity.ts`,
        "MAX_IDENTITY_BYTES",
        "413 `BODY_TOO_LARGE`",
      ),
      limit(
        "subjects of an identity",
        `${IDENTITIES}/workload-identity.ts`,
        "MAX_SUBJECTS",
        "400 `INVALID_REQUEST`",
      ),
      limit(
        "its keys, where they are given",
        `${IDENTITIES}/workload-identity.ts`,
        "MAX_KEYS",
        "400 `INVALID_REQUEST`",
      ),
      limit("lifetime of its tokens", `${IDENTITIES}/known-identities.ts`, "MAX_LIFETIME_SECONDS", "401"),
      limit("entries on a page", "worker/api/paging.ts", "MAX_LIMIT", "400 `INVALID_REQUEST`"),
      limit(
        "earlier services files that are kept",
        "worker/registry/stores/registry-store.ts",
        "KEPT_FILES",
        "the oldest goes",
      ),
      limit(
        "entries of the audit log",
        "worker/registry/stores/audit-log.ts",
        "KEPT_ENTRIES",
        "the oldest go",
      ),
      limit("`ADMIN_KEY`, at least", "worker/auth/admin-key.ts", "MIN_ADMIN_KEY_LENGTH", "not used"),
      limit("failed attempts of one network at once", "worker/auth/failure-limiter.ts", "BURST", "429"),
      limit("a further one every", "worker/auth/failure-limiter.ts", "REFILL_MS", "–"),
      limit(
        "session of the dashboard",
        "worker/registry/stores/session-store.ts",
        "SESSION_MS",
        "sign in again",
      ),
      limit("the same, unused", "worker/registry/stores/session-store.ts", "IDLE_MS", "sign in again"),
      limit(
        "sessions of one key",
        "worker/registry/stores/session-store.ts",
        "SESSIONS_PER_KEY",
        "the oldest ends",
      ),
    ],
  },
  {
    title: "Events and telemetry",
    limits: [
      limit("path in an event", "worker/events/request-record.ts", "MAX_PATH_LENGTH", "cut"),
      limit(
        "events that wait in an object",
        "worker/events/event-outbox.ts",
        "MAX_HELD_EVENTS",
        "the oldest go, counted",
      ),
      limit("their size", "worker/events/event-outbox.ts", "MAX_HELD_BYTES", "the oldest go, counted"),
      limit("live tails of an object", "worker/events/tail-hub.ts", "MAX_TAILS", "429"),
      limit("a tail lasts", "worker/events/tail-hub.ts", "WATCH_MS", "`culvert tail` asks again"),
      limit("a log service's answer", "worker/log-delivery/send-events.ts", "TIMEOUT_MS", "sent again"),
      limit("between two tries to send", "worker/log-delivery/delivery.ts", "LAST_RETRY_MS", "–"),
      limit(
        "services with series of their own",
        "worker/telemetry/metrics/request-metrics.ts",
        "MAX_SERVICES",
        "counted as one",
      ),
      limit("the same, at a connector", "connector/telemetry/metrics.ts", "MAX_SERVICES", "counted as one"),
      limit(
        "log lines that wait at a connector",
        "connector/platform/log-sink.ts",
        "MAX_WAITING_BYTES",
        "dropped, counted",
      ),
      limit(
        "spans that wait at a connector",
        "connector/telemetry/span-batches.ts",
        "MAX_WAITING_SPANS",
        "dropped, counted",
      ),
      limit("a capture lasts", CAPTURES, "MAX_CAPTURE_SECONDS", "it is over"),
      limit("requests of a capture", CAPTURES, "MAX_CAPTURED_REQUESTS", "it is over"),
      limit("of a captured body", CAPTURES, "MAX_CAPTURED_BODY_BYTES", "cut"),
      limit(
        "captures of a tunnel at once",
        "worker/registry/stores/capture-record-store.ts",
        "MAX_RUNNING",
        "409",
      ),
      limit("the same, of one day", "worker/registry/stores/capture-record-store.ts", "MAX_KEPT", "409"),
      limit("captured requests of a tunnel", "worker/capture/capture-store.ts", "MAX_BYTES", "it is over"),
      limit("they are kept for", "worker/capture/capture-store.ts", "CAPTURE_KEPT_MS", "deleted"),
    ],
  },
];

/** Numbers of `shared/protocol/limits.ts` that stand with the settings, or bound nothing. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  "DEFAULT_MAX_STREAMS",
  "DEFAULT_CONNECT_TIMEOUT_MS",
  "DEFAULT_RESPONSE_TIMEOUT_MS",
  "DEFAULT_STALL_TIMEOUT_MS",
  "DEFAULT_TCP_IDLE_TIMEOUT_MS",
  "MAX_IDLE_TIMEOUT_MS",
  "MAX_CONNECT_TIMEOUT_MS",
  "MAX_RESPONSE_TIMEOUT_MS",
  "MAX_STALL_TIMEOUT_MS",
  "MAX_OFFSET",
  "MAX_STREAM_ID",
  "CLOSE_PROTOCOL_ERROR",
  "CLOSE_REVOKED",
  "CLOSE_SERVICE_RESTART",
  "CLOSE_NO_LONGER_ALLOWED",
  "CLOSE_HELLO_TIMEOUT",
  "CLOSE_REPLACED",
  "CLOSE_GOING_AWAY",
]);
