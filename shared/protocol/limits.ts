/** Every limit of the protocol, each with its reason. Sizes in bytes, times in milliseconds. */

/** Limits the memory that one message needs, because WebSocket messages arrive whole. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Where several streams share a connection, nobody waits for more than this. */
export const TARGET_MESSAGE_BYTES = 64 * 1024;
/** A stream that is alone fills a message with one such frame: each message costs a Durable Object several turns. */
export const MAX_DATA_BYTES = 256 * 1024;
/** Toward a peer without BULK_DATA, which treats a larger one as a violation. The same for WSMSG toward every peer. */
export const LARGE_DATA_BYTES = 64 * 1024;
/** Toward a peer without LARGE_DATA. */
export const SMALL_DATA_BYTES = 32 * 1024;
/** What a stream may send before the next one's turn: a quarter of a message, so a small body never waits for a large one. */
export const QUANTUM_BYTES = 16 * 1024;

/** Names and values of one head: what common servers accept in total. */
export const MAX_HEAD_BYTES = 32 * 1024;
/** Fields at three bytes of UTF-8 each, path, target and length table: a head always fits one frame. */
export const MAX_HEAD_FRAME_BYTES = 128 * 1024;
/** Toward a peer without LONG_HEADS. */
export const SHORT_HEAD_FRAME_BYTES = 48 * 1024;
export const MAX_FIELDS = 256;
export const MAX_FIELD_NAME_LENGTH = 256;
/** Path and query of a request. The edge does not accept longer URLs. */
export const MAX_REQUEST_PATH_LENGTH = 16 * 1024;
/** The path of an endpoint, which comes before that of a request. */
export const MAX_ENDPOINT_PATH_LENGTH = 2 * 1024;
export const MAX_PATH_LENGTH = MAX_ENDPOINT_PATH_LENGTH + MAX_REQUEST_PATH_LENGTH;
/** Toward a peer without LONG_HEADS. */
export const SHORT_PATH_LENGTH = 8 * 1024;
/** RESET and GOAWAY carry a sentence, not a log. */
export const MAX_DETAIL_BYTES = 256;
/** RFC 6455 §5.5: control payloads hold 125 bytes, two of them the code. */
export const MAX_CLOSE_REASON_BYTES = 123;
export const MAX_SETTINGS = 32;
export const MAX_SETTINGS_BYTES = 4 * 1024;
/** What a connector is told to check: a thousand services of common length, in 17 SETTINGS. */
export const MAX_CHECKS_BYTES = 64 * 1024;
/** As many services as a file holds, with room. */
export const MAX_CHECKS = 2048;

/** RFC 9113 §5.1.1: stream ids are 31 bits; ours are odd. */
export const MAX_STREAM_ID = 0x7fff_ffff;
/** A connection whose ids are used up finishes what runs on it, long downloads included. */
export const RETIRE_DRAIN_MS = 60 * 60 * 1000;
/** Offsets are u64 on the wire and must stay exact in a double. */
export const MAX_OFFSET = Number.MAX_SAFE_INTEGER;

/** Streams of a tunnel that are kept free for callers and services with few streams. See docs/decisions/0039-a-share-for-each.md. */
export const RESERVED_STREAMS = 24;
/** Streams a connector takes at once on one connection. 512 × 64 KiB bounds what uploads of one caller can make it hold. */
export const DEFAULT_MAX_STREAMS = 512 + RESERVED_STREAMS;
/**
 * Connections of one object: 64 connectors, each of which may come anew before its old connection is known to be lost.
 * 128 × MIN_UNACKNOWLEDGED_BYTES is over half of an object's 128 MB.
 */
export const MAX_CONNECTIONS_PER_OBJECT = 128;
/** Streams one object relays at once, over all connections: with 16 KiB each, 16 MiB of the isolate's budget. */
export const MAX_STREAMS_PER_OBJECT = 1024 + RESERVED_STREAMS;

/** Toward the relay: 1,024 of these are a seventh of the isolate's budget. If a service's answers are larger, OPEN brings more credit. */
export const RELAY_STREAM_WINDOW_BYTES = 8 * 1024;
export const RELAY_STREAM_WINDOW_MAX_BYTES = 24 * 1024 * 1024;
/** Toward the connector: 512 of these are four sevenths of its budget. */
export const CONNECTOR_STREAM_WINDOW_BYTES = 64 * 1024;
export const CONNECTOR_STREAM_WINDOW_MAX_BYTES = 24 * 1024 * 1024;
/** Covers 300 MB/s at 80 ms round trip, with what returns in steps. */
export const CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;
/** Connection credit returns in these steps, which keep the sender up to date with few messages. */
export const CONNECTION_CREDIT_STEP_BYTES = 512 * 1024;
/** Over a slow link a step takes many seconds. So smaller amounts return once a second, or the link would look dead. */
export const SLOW_CREDIT_BYTES = 32 * 1024;
export const SLOW_CREDIT_MS = 1_000;
/** The same for a stream: a slow reader needs so long for half of a large window that it would look as if it read nothing. */
export const SLOW_STREAM_CREDIT_BYTES = 4 * 1024;
export const SLOW_STREAM_CREDIT_MS = 10_000;
/** Granted with an OPEN, for each millisecond of the round trip: as much as a path of 2 Gbit/s carries. */
export const AHEAD_BYTES_PER_MS = 256 * 1024;
/** Granted with an OPEN at least, however short the path is, if the service's last answers were that large. */
export const AHEAD_MIN_BYTES = 64 * 1024;
/**
 * What all objects of an isolate, which has 128 MB, keep for callers and connectors. The rest is for the code, for what
 * JavaScript adds to each thing, and for garbage.
 */
export const RELAY_MEMORY_BYTES = 56 * 1024 * 1024;
/** Never used for large windows and queues, so that small requests always find room. */
export const RELAY_MEMORY_RESERVE_BYTES = 12 * 1024 * 1024;
/** The same for a connector's process, which has 256 MB with Node's own 80. */
export const CONNECTOR_MEMORY_BYTES = 56 * 1024 * 1024;
export const CONNECTOR_MEMORY_RESERVE_BYTES = 20 * 1024 * 1024;
/** What a stream costs in addition to its bytes: objects, heads, closures. */
export const STREAM_OVERHEAD_BYTES = 8 * 1024;
/** What each item of a queue costs in addition to its bytes. */
export const ITEM_OVERHEAD_BYTES = 256;
/** Unacknowledged bytes of one object, as a part of its isolate's budget, because Workers' sockets buffer without a limit. */
export const MAX_UNACKNOWLEDGED_BYTES = 24 * 1024 * 1024;
/** Every connection may have this much in flight even if that is used up: with less, the step at which credit returns is never reached. */
export const MIN_UNACKNOWLEDGED_BYTES = CONNECTION_CREDIT_STEP_BYTES + LARGE_DATA_BYTES;
/** Allowed however late acknowledgements are, so that a second step can be sent while the first one's credit returns. */
export const MIN_UNDER_WAY_BYTES = 2 * MIN_UNACKNOWLEDGED_BYTES;
/** PINGs that ask what has arrived, where less than that may be under way: half of what a peer with QUESTIONS allows. */
export const MAX_QUESTIONS = { burst: 200, perSecond: 100 };
/** Beyond this, DATA waits in its queue, where small frames can overtake it, and not in the socket. */
export const SEND_BACKLOG_BYTES = 256 * 1024;
/** A stream's writer stops over the high mark and goes on under half of it. The mark is lower when memory is short. */
export const SEND_QUEUE_HIGH_BYTES = 128 * 1024;
export const SEND_QUEUE_MIN_BYTES = 4 * 1024;
/** Each frame of a WebSocket message costs so much more than its payload, so that empty ones are not free. */
export const MESSAGE_OVERHEAD_BYTES = 128;
/** Largest WebSocket message that is relayed. */
export const MAX_WEBSOCKET_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A stream ends if its window stays closed for so long, unless its service or the connector says otherwise. */
export const DEFAULT_STALL_TIMEOUT_MS = 5 * 60_000;
export const MAX_STALL_TIMEOUT_MS = 60 * 60_000;
/** For TCP connections. Connection pools of databases are idle for a long time, but a connection whose peer has vanished must end. */
export const DEFAULT_TCP_IDLE_TIMEOUT_MS = 15 * 60_000;
export const MAX_IDLE_TIMEOUT_MS = 24 * 60 * 60_000;
/** Toward a peer without STALL_LIMIT; and for what does not depend on a reader: credit of the connection, and answers to RESET. */
export const STALL_TIMEOUT_MS = 60_000;
/** How often stalls are looked for, and how often a peer that owes something is asked whether it still reads. */
export const STALL_CHECK_MS = 5_000;
/** Stall limits may be shorter than that. This keeps PINGs below half of the peer's budget. */
export const STALL_PING_GAP_MS = 200;
/** Time in which a peer answers no PING does not count for stalls, because the peer may be behind. This limits what a hostile peer gains. */
export const MAX_BEHIND_MS = 5 * 60_000;
/** Streams whose RESET the peer has not answered. An honest peer leaves at most as many as an object may open; twice that, for frames that cross. */
export const MAX_TEARDOWNS = 2 * MAX_STREAMS_PER_OBJECT;
/** A connection that has not sent HELLO by then is closed with 4408. */
export const HELLO_TIMEOUT_MS = 5_000;
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
export const DEFAULT_RESPONSE_TIMEOUT_MS = 60_000;
/** The highest values that may be set. */
export const MAX_CONNECT_TIMEOUT_MS = 10 * 60_000;
export const MAX_RESPONSE_TIMEOUT_MS = 60 * 60_000;
/** At most, jitter makes it shorter. Proxies and load balancers close connections that are silent for 60 s or less. */
export const KEEPALIVE_INTERVAL_MS = 25_000;
export const KEEPALIVE_TIMEOUT_MS = 10_000;
/** A path that loses all packets under traffic is noticed after twice this time: within 10 s. */
export const ANSWER_TIMEOUT_MS = 4_000;
/** A busy relay answers late, so a connector keeps a silent connection's streams for up to this time. */
export const MAX_SILENCE_MS = 60_000;
/**
 * Under load the connector gathers frames: messages toward the relay are billed, and each costs the relay more than a
 * frame does. An object takes about 1,000 requests a second, so n at once take n ms, and waiting for an eighth of that is not noticed.
 */
export const GATHER_MS_PER_STREAM = 1 / 8;
export const MAX_GATHER_MS = 8;
/** Each message from the relay costs it a system call and a turn of its own. Requests are delayed less than answers. */
export const RELAY_MAX_GATHER_MS = 2;
/** Shorter waits are left out: with few streams, no other frames are likely to come. */
export const MIN_GATHER_MS = 1;

/** WebSocket close codes of ours (RFC 6455 §7.4.2, private range). */
export const CLOSE_PROTOCOL_ERROR = 4400;
export const CLOSE_REVOKED = 4401;
/** For a gateway's WebSocket or a watcher whose key or rights are no longer valid. */
export const CLOSE_NO_LONGER_ALLOWED = 4403;
export const CLOSE_HELLO_TIMEOUT = 4408;
export const CLOSE_REPLACED = 4409;
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_SERVICE_RESTART = 1012;

export const SUBPROTOCOL = "culvert.v1";
/** The only text messages. The platform answers them for the object, so they never wake it. */
export const PING_TEXT = "p";
export const PONG_TEXT = "q";
