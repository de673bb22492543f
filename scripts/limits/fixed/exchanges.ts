import { LIMITS, limit, type Section } from "./limit.ts";

const HTTP1 = "connector/upstream/http1";
const INTERIM = "connector/upstream/interim-budget.ts";

export const REQUESTS: Section = {
  title: "A request",
  text: "A request whose head is refused reaches no connector. A character is a UTF-16 unit, which in ASCII is a byte.",
  limits: [
    limit("path with query", LIMITS, "MAX_REQUEST_PATH_LENGTH", "414 `URI_TOO_LONG`"),
    limit("path of an endpoint, encoded", LIMITS, "MAX_ENDPOINT_PATH_LENGTH", "the services file is refused"),
    limit("both together", LIMITS, "MAX_PATH_LENGTH", "–"),
    limit(
      "both, if all attached connectors are older than LONG_HEADS",
      LIMITS,
      "SHORT_PATH_LENGTH",
      "414 `URI_TOO_LONG`, with this reason",
    ),
    limit("fields", LIMITS, "MAX_FIELDS", "431 `FIELDS_TOO_LARGE`"),
    limit("name of a field", LIMITS, "MAX_FIELD_NAME_LENGTH", "431 `FIELDS_TOO_LARGE`"),
    limit("names and values together", LIMITS, "MAX_HEAD_BYTES", "431 `FIELDS_TOO_LARGE`"),
    limit(
      "kept of a body, so that it can be sent to another connector",
      "worker/exchange/request-body.ts",
      "REPLAY_BYTES",
      "stays with its connector",
    ),
  ],
};

export const ANSWERS: Section = {
  title: "An answer",
  text: "The head of an answer has the same limits as that of a request. Beyond them it is 502 `UPSTREAM_PROTOCOL`.",
  limits: [
    limit("head of HTTP/1.1, on the wire", `${HTTP1}/head.ts`, "MAX_WIRE_BYTES", "502 `UPSTREAM_PROTOCOL`"),
    limit(
      "chunk extensions of one body",
      `${HTTP1}/response.ts`,
      "MAX_EXTENSION_BYTES",
      "the body is cut off",
    ),
    limit("digits of a chunk's size", `${HTTP1}/response.ts`, "MAX_SIZE_DIGITS", "the body is cut off"),
    limit("1xx before a head, at once", INTERIM, "MAX_INTERIM_HEADS", "502 `UPSTREAM_PROTOCOL`"),
    limit(
      "1xx before a head, each second after that",
      INTERIM,
      "INTERIM_HEADS_PER_SECOND",
      "502 `UPSTREAM_PROTOCOL`",
    ),
    limit("their size at once", INTERIM, "MAX_INTERIM_BYTES", "502 `UPSTREAM_PROTOCOL`"),
    limit("their size each second", INTERIM, "INTERIM_BYTES_PER_SECOND", "502 `UPSTREAM_PROTOCOL`", "bytes"),
    limit(
      "how many response timeouts 102 may add, an hour in total",
      "connector/upstream/upstream.ts",
      "MAX_WAITS",
      "504 `UPSTREAM_RESPONSE_TIMEOUT`",
    ),
  ],
};

export const WEBSOCKETS: Section = {
  title: "WebSockets",
  limits: [
    limit("message", LIMITS, "MAX_WEBSOCKET_MESSAGE_BYTES", "closed with 1009"),
    limit("reason of a close", LIMITS, "MAX_CLOSE_REASON_BYTES", "cut at a character"),
    limit(
      "waiting for an upstream that reads nothing, if memory is short",
      "worker/exchange/websocket/send-backlog.ts",
      "STILL_MS",
      "closed with 1013",
    ),
    limit(
      "queued for a gateway that reads slowly",
      "worker/exchange/websocket/message-intake.ts",
      "GATEWAY_BACKLOG_BYTES",
      "the upstream has to wait",
    ),
    limit(
      "of a message that is being assembled, regardless of others",
      "worker/exchange/websocket/message-room.ts",
      "SMALL_BYTES",
      "it waits for room",
    ),
    limit(
      "larger messages that are assembled at the same time",
      "worker/exchange/websocket/message-room.ts",
      "OPEN_BYTES",
      "all upstreams but one have to wait",
    ),
    limit(
      "how long one of these may grow by less than 32 KiB while others wait",
      "worker/exchange/websocket/message-room.ts",
      "STILL_MS",
      "closed with 1013",
    ),
    limit(
      "credit for a gateway's messages, granted with the 101",
      "connector/serve/serve-websocket.ts",
      "WEBSOCKET_AHEAD_BYTES",
      "depends on free memory",
    ),
    limit(
      "queued in an upstream's socket",
      "connector/serve/serve-websocket.ts",
      "SOCKET_BACKLOG_BYTES",
      "the gateway's messages wait before it",
    ),
    limit(
      "between two checks whether an upstream is alive",
      "connector/serve/upstream-pings.ts",
      "LOOK_EVERY_MS",
      "–",
    ),
    limit(
      "checks without a sign of life before it is pinged",
      "connector/serve/upstream-pings.ts",
      "SILENT_LOOKS_UNTIL_PING",
      "–",
    ),
    limit(
      "checks without a sign of life before it is given up",
      "connector/serve/upstream-pings.ts",
      "SILENT_LOOKS_UNTIL_LOST",
      "closed with 1011",
    ),
    limit(
      "an upstream's answer to a close frame",
      "connector/upstream/websocket/upstream-socket.ts",
      "CLOSE_TIMEOUT_MS",
      "its connection is closed",
    ),
  ],
};
