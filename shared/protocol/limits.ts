/** Every limit of the protocol, each with its reason. Sizes in bytes, times in milliseconds. */

/** Limits the memory that one message needs, because WebSocket messages arrive whole. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Messages of 64 KiB cross a Durable Object fastest; larger ones only add waiting. */
export const TARGET_MESSAGE_BYTES = 64 * 1024;
/** One such frame fills a message. For a lone transfer, more frames would only be more work. */
export const MAX_DATA_BYTES = 64 * 1024;
/** Toward a peer without LARGE_DATA, which treats a larger one as a violation. */
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

/** Toward the relay: 1,024 base windows are a sixth of the isolate's budget. Where answers are larger, more comes with the OPEN. */
export const RELAY_STREAM_WINDOW_BYTES = 8 * 1024;
export const RELAY_STREAM_WINDOW_MAX_BYTES = 24 * 1024 * 1024;
/** Toward the connector: 512 base windows are half of its budget. */
export const CONNECTOR_STREAM_WINDOW_BYTES = 64 * 1024;
export const CONNECTOR_STREAM_WINDOW_MAX_BYTES = 24 * 1024 * 1024;
/** Covers 300 MB/s at 80 ms round trip, with what returns in steps. */
export const CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;
/** Connection credit returns in these steps: they keep the sender's view fresh for few messages. */
export const CONNECTION_CREDIT_STEP_BYTES = 512 * 1024;
/** Over a slow link a step takes many seconds: what little came returns once a second, or the link looks dead. */
export const SLOW_CREDIT_BYTES = 32 * 1024;
export const SLOW_CREDIT_MS = 1_000;
/** The same of a stream: half of a window that has grown takes a slow reader so long that it looks like one who reads nothing. */
export const SLOW_STREAM_CREDIT_BYTES = 4 * 1024;
export const SLOW_STREAM_CREDIT_MS = 10_000;
/** Granted with an OPEN, for each millisecond that the path is long: what two gigabits fill. */
export const AHEAD_BYTES_PER_MS = 256 * 1024;
/** Granted with an OPEN however short the path is, to a service whose answers were as large: what the base was once. */
export const AHEAD_MIN_BYTES = 64 * 1024;
/**
 * What all objects of an isolate, which has 128 MB, keep for callers and connectors. The rest is for the code, for what
 * JavaScript adds to each thing, and for garbage.
 */
export const RELAY_MEMORY_BYTES = 56 * 1024 * 1024;
/** Never for large windows and queues: small requests find room, whatever else goes on. */
export const RELAY_MEMORY_RESERVE_BYTES = 12 * 1024 * 1024;
/** The same for a connector's process, which has 256 MB with Node's own 80. */
export const CONNECTOR_MEMORY_BYTES = 56 * 1024 * 1024;
export const CONNECTOR_MEMORY_RESERVE_BYTES = 20 * 1024 * 1024;
/** What a stream costs beside its bytes: objects, heads, closures. */
export const STREAM_OVERHEAD_BYTES = 8 * 1024;
/** What each thing in a queue costs beside its bytes. */
export const ITEM_OVERHEAD_BYTES = 256;
/** Unacknowledged bytes of one object, as a part of its isolate's budget, because Workers' sockets buffer without a limit. */
export const MAX_UNACKNOWLEDGED_BYTES = 24 * 1024 * 1024;
/** Every connection may have this much in flight even then, or credit that returns in steps would never return. */
export const MIN_UNACKNOWLEDGED_BYTES = CONNECTION_CREDIT_STEP_BYTES + MAX_DATA_BYTES;
/** Allowed however late acknowledgements are, so that a second step can be sent while the first one's credit returns. */
export const MIN_UNDER_WAY_BYTES = 2 * MIN_UNACKNOWLEDGED_BYTES;
/** PINGs that ask what has arrived, where less than that may be under way: half of what a peer with QUESTIONS allows. */
export const MAX_QUESTIONS = { burst: 200, perSecond: 100 };
/** Over this, DATA waits in its queue, where small frames overtake it, and not in the socket's. */
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
/** For TCP connections: pools of databases are quiet for a long time, but a connection whose peer vanished must end some time. */
export const DEFAULT_TCP_IDLE_TIMEOUT_MS = 15 * 60_000;
export const MAX_IDLE_TIMEOUT_MS = 24 * 60 * 60_000;
/** The same toward a peer without STALL_LIMIT; and for what is no reader's affair: credit of the connection, answers to RESET. */
export const STALL_TIMEOUT_MS = 60_000;
/** A stall is looked for so often, and a peer that owes something is asked so often whether it still reads. */
export const STALL_CHECK_MS = 5_000;
/** Limits may be shorter: not more PINGs than half of what a peer takes. */
export const STALL_PING_GAP_MS = 200;
/** Time in which a peer answers no PING counts for no stall: it may be behind. A hostile one keeps nothing for longer. */
export const MAX_BEHIND_MS = 5 * 60_000;
/** Streams whose RESET the peer has not answered. An honest one has no more than a connector takes; twice that, for what crosses. */
export const MAX_TEARDOWNS = 2 * MAX_STREAMS_PER_OBJECT;
/** A connection that has not sent HELLO by then is closed with 4408. */
export const HELLO_TIMEOUT_MS = 5_000;
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
export const DEFAULT_RESPONSE_TIMEOUT_MS = 60_000;
/** The highest values that may be set. */
export const MAX_CONNECT_TIMEOUT_MS = 10 * 60_000;
export const MAX_RESPONSE_TIMEOUT_MS = 60 * 60_000;
/** Proxies and load balancers close connections that are silent for 60 s or less; 30 s leaves room for jitter. */
export const KEEPALIVE_INTERVAL_MS = 25_000;
export const KEEPALIVE_TIMEOUT_MS = 10_000;
/** Twice this, and a path that swallows packets under traffic is known: within 10 s. */
export const ANSWER_TIMEOUT_MS = 4_000;
/** A busy relay or machine answers late. Its streams are kept for so long. */
export const MAX_SILENCE_MS = 60_000;
/**
 * Under load the connector gathers frames: messages toward the relay are billed, and each costs the relay more than a
 * frame does. An object takes about 1,000 requests a second, so n at once take n ms: an eighth of that is not felt.
 */
export const GATHER_MS_PER_STREAM = 1 / 8;
export const MAX_GATHER_MS = 8;
/** Each message from the relay costs it a system call and a turn of its own. Requests are delayed less than answers. */
export const RELAY_MAX_GATHER_MS = 2;
/** With few streams nobody else's frames are worth waiting for. */
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
/** The only text messages; the object's auto-response, so they never wake it. */
export const PING_TEXT = "p";
export const PONG_TEXT = "q";
