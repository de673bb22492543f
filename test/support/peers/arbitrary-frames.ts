import fc from "fast-check";
import { type ErrorCode, ERROR_CODES } from "../../../shared/protocol/error-code.ts";
import {
  encodeClose,
  encodeGoaway,
  encodeOffset,
  encodeReset,
  encodeU32,
} from "../../../shared/protocol/frame-payloads.ts";
import { FRAME, type Frame } from "../../../shared/protocol/frame.ts";
import { encodeHello, encodeWelcome, type Hello, type Welcome } from "../../../shared/protocol/handshake.ts";
import { encodeHead, encodeOpen, encodeTrailers } from "../../../shared/protocol/head-codec.ts";
import {
  type Field,
  type OpenHead,
  type ResponseHead,
  TCP_METHOD,
  TCP_PATH,
} from "../../../shared/protocol/head.ts";
import { STATIC_FIELD_NAMES } from "../../../shared/protocol/field-names.ts";
import { anyText } from "../arbitrary-text.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const word = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
const windowBytes = fc.integer({ min: 1024, max: 64 * 1024 * 1024 });

/** Text of characters that a field may contain, with lone surrogates if asked for. */
export function fieldText(unit: "grapheme" | "binary" = "grapheme", maxLength = 40): fc.Arbitrary<string> {
  const raw =
    unit === "grapheme"
      ? anyText(maxLength)
      : fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((u) => String.fromCharCode(...u));
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  return raw.map((text) => text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, ""));
}

const fieldName = fc.oneof(
  fc.constantFrom(...STATIC_FIELD_NAMES.filter((name) => name !== "content-length")),
  fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,30}$/),
);

function fields(text = fieldText()): fc.Arbitrary<Field[]> {
  return fc.array(fc.tuple(fieldName, text), { maxLength: 30 });
}

export function openHead(text = fieldText()): fc.Arbitrary<OpenHead> {
  return fc.oneof({ weight: 3, arbitrary: requestOpen(text) }, tcpOpen(text));
}

/** A TCP connection has other fields than HTTP, and no method and path. */
function tcpOpen(text: fc.Arbitrary<string>): fc.Arbitrary<OpenHead> {
  const own = fc.record(
    {
      idleTimeoutMs: fc.integer({ min: 1, max: 999_999_999 }),
      startTls: fc.constant("postgres" as const),
      maxConnections: fc.integer({ min: 1, max: 999_999_999 }),
    },
    { requiredKeys: [] },
  );
  return fc
    .tuple(requestOpen(text), own)
    .map(([open, facts]) => ({ ...open, kind: "tcp", method: TCP_METHOD, path: TCP_PATH, ...facts }));
}

function requestOpen(text: fc.Arbitrary<string>): fc.Arbitrary<OpenHead> {
  const filled = text.map((value) => `_${value}`);
  return fc.record(
    {
      kind: fc.constantFrom("http", "websocket"),
      target: filled,
      service: filled,
      method: fc.constantFrom("GET", "POST", "PROPFIND", "m!x"),
      path: fc.webPath({ size: "medium" }).map((path) => `/${path}`),
      project: filled,
      environment: filled,
      requestId: filled,
      connectTimeoutMs: fc.integer({ min: 1, max: 999_999_999 }),
      responseTimeoutMs: fc.integer({ min: 1, max: 999_999_999 }),
      stallTimeoutMs: fc.integer({ min: 1, max: 999_999_999 }),
      fields: fields(text),
    },
    {
      requiredKeys: [
        "kind",
        "target",
        "service",
        "method",
        "path",
        "project",
        "environment",
        "requestId",
        "fields",
      ],
    },
  );
}

export function responseHead(text = fieldText()): fc.Arbitrary<ResponseHead> {
  return fc.record(
    {
      status: fc.integer({ min: 100, max: 599 }),
      reason: text,
      upstreamMs: fc.integer({ min: 1, max: 999_999_999 }),
      fields: fields(text),
    },
    { requiredKeys: ["status", "reason", "fields"] },
  );
}

export const hello: fc.Arbitrary<Hello> = fc.record(
  {
    softwareVersion: word,
    connectorId: word,
    connectionIndex: fc.integer({ min: 0, max: 255 }),
    capabilities: u32,
    maxStreams: fc.integer({ min: 1, max: 0xffff }),
    streamWindowBytes: windowBytes,
    connectionWindowBytes: windowBytes,
    stallTimeoutMs: fc.integer({ min: 1, max: 3_600_000 }),
    build: word,
    connectorName: word,
    host: word,
    platform: word,
  },
  {
    requiredKeys: [
      "softwareVersion",
      "connectorId",
      "connectionIndex",
      "capabilities",
      "maxStreams",
      "streamWindowBytes",
      "connectionWindowBytes",
    ],
  },
);

export const welcome: fc.Arbitrary<Welcome> = fc.record(
  {
    softwareVersion: word,
    relayId: word,
    epoch: u32,
    capabilities: u32,
    streamWindowBytes: windowBytes,
    connectionWindowBytes: windowBytes,
    build: word,
  },
  {
    requiredKeys: [
      "softwareVersion",
      "relayId",
      "epoch",
      "capabilities",
      "streamWindowBytes",
      "connectionWindowBytes",
    ],
  },
);

const code = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]));
const someText = anyText(300);
const bytes = fc.uint8Array({ maxLength: 300 });

/** The type and payload of a well-formed frame, for every type. */
const typed: fc.Arbitrary<[type: number, payload: Uint8Array]> = fc.oneof(
  hello.map((value): [number, Uint8Array] => [FRAME.HELLO, encodeHello(value)]),
  welcome.map((value): [number, Uint8Array] => [FRAME.WELCOME, encodeWelcome(value)]),
  fc
    .record({ lastStreamId: u32, code, drainMs: u32, text: someText })
    .map((value): [number, Uint8Array] => [FRAME.GOAWAY, encodeGoaway(value)]),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((value): [number, Uint8Array] => [FRAME.PING, value]),
  fc
    .tuple(fc.constantFrom(FRAME.STREAMS, FRAME.RESTART), u32)
    .map(([type, value]): [number, Uint8Array] => [type, encodeU32(value)]),
  fc.maxSafeNat().map((value): [number, Uint8Array] => [FRAME.WINDOW, encodeOffset(value)]),
  openHead().map((value): [number, Uint8Array] => [FRAME.OPEN, encodeOpen(value)]),
  responseHead().map((value): [number, Uint8Array] => [FRAME.HEAD, encodeHead(value)]),
  fields().map((value): [number, Uint8Array] => [FRAME.TRAILERS, encodeTrailers(value)]),
  fc
    .tuple(fc.constantFrom(FRAME.DATA, FRAME.WSMSG), bytes)
    .map(([type, value]): [number, Uint8Array] => [type, value]),
  fc.tuple(code, someText).map((value): [number, Uint8Array] => [FRAME.RESET, encodeReset(...value)]),
  fc.constant<[number, Uint8Array]>([FRAME.STOP, new Uint8Array(0)]),
  fc
    .tuple(fc.integer({ min: 0, max: 0xffff }), someText)
    .map((value): [number, Uint8Array] => [FRAME.WSCLOSE, encodeClose(...value)]),
);

/** A well-formed frame on a stream id that its type allows. */
export const frame: fc.Arbitrary<Frame> = fc
  .tuple(typed, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 0x7fff_ffff }))
  .map(([[type, payload], flags, id]) => ({ type, flags, streamId: type < FRAME.OPEN ? 0 : id, payload }));

/** Ways to corrupt a message: overwrite, cut, insert. */
export const mutation: fc.Arbitrary<(message: Uint8Array) => Uint8Array> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, value]) => (message: Uint8Array) => {
    const spoilt = message.slice();
    if (spoilt.length > 0) spoilt[at % spoilt.length] = value;
    return spoilt;
  }),
  fc.nat().map((at) => (message: Uint8Array) => message.slice(0, at % (message.length + 1))),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 20 })).map(([at, inserted]) => (message: Uint8Array) => {
    const cut = at % (message.length + 1);
    return new Uint8Array([...message.subarray(0, cut), ...inserted, ...message.subarray(cut)]);
  }),
);
