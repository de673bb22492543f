import {
  ACK,
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  headers,
  PADDED,
  reset,
  settings,
  TYPE,
  uint32,
  WITH_PRIORITY,
} from "../../support/servers/frame-server.ts";

/** A server's answer to a request, and the expected outcome. */
export interface Http2Case {
  name: string;
  /** The frames for the request on this stream. */
  answer: (id: number) => Buffer[];
  /**
   * `200 body`: complete. `200 body…`: broken off after its head. `CODE`: the gateway gets this instead of a head. `CODE,
   * not processed`: the same, and the request may be sent elsewhere.
   */
  outcome: string;
  /** Other outcomes that are allowed if the connection ends right after the answer. */
  atEnd?: string[];
  /** Whether the same connection serves the next request. Undefined: not checked. */
  keepsConnection?: boolean;
  /** Sent instead of the server's first SETTINGS. */
  hello?: Buffer;
  /** Default: POST, which is never repeated just because it is safe. */
  method?: string;
  /** Too large to be sent byte by byte. */
  large?: true;
}

const OK: [string, string] = [":status", "200"];
const END = END_HEADERS | END_STREAM;
const head = (id: number, ...fields: [string, string][]): Buffer => headers(id, [OK, ...fields]);
const whole = (id: number, body = "body"): Buffer[] => [head(id), data(id, body, END_STREAM)];
const rawHeaders = (id: number, bytes: number[] | Buffer, flags = END): Buffer =>
  frame(TYPE.HEADERS, flags, id, Buffer.from(bytes));
/** Index 8 in the static table. */
const STATUS_200 = 0x88;
const LAST = 2 ** 31 - 1;

export const complete: Http2Case[] = [
  { name: "head, body", answer: (id) => whole(id), outcome: "200 body", keepsConnection: true },
  {
    name: "a head that ends it",
    answer: (id) => [headers(id, [OK], END)],
    outcome: "200 ",
    keepsConnection: true,
  },
  {
    name: "a body in many frames, an empty one at its end",
    answer: (id) => [head(id), ..."body".split("").map((c) => data(id, c)), data(id, "", END_STREAM)],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "padding and priority",
    answer: (id) => [
      frame(
        TYPE.HEADERS,
        END_HEADERS | PADDED | WITH_PRIORITY,
        id,
        Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 15), block(OK), Buffer.alloc(3)]),
      ),
      data(id, Buffer.concat([Buffer.of(2), Buffer.from("body"), Buffer.alloc(2)]), PADDED | END_STREAM),
    ],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "DATA that is padding alone",
    answer: (id) => [head(id), data(id, Buffer.of(3, 0, 0, 0), PADDED), data(id, "body", END_STREAM)],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "a head in continuations, an empty one among them",
    answer: (id) => {
      const bytes = block(OK, ["x-a", "1"]);
      return [
        frame(TYPE.HEADERS, 0, id, bytes.subarray(0, 5)),
        frame(TYPE.CONTINUATION, 0, id, bytes.subarray(5, 9)),
        frame(TYPE.CONTINUATION, 0, id),
        frame(TYPE.CONTINUATION, END_HEADERS, id, bytes.subarray(9)),
        data(id, "body", END_STREAM),
      ];
    },
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "informational responses before it",
    answer: (id) => [
      ...["100", "102", "103", "103"].map((status) => headers(id, [[":status", status]])),
      ...whole(id),
    ],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "trailers",
    answer: (id) => [head(id), data(id, "body"), headers(id, [["x-sum", "1"]], END)],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "what nobody needs to know: unknown frames, flags, settings and bits, priorities",
    answer: (id) => [
      frame(0xfa, 0xff, id, "unknown"),
      frame(TYPE.PRIORITY, 0, id, Buffer.of(0, 0, 0, 0, 1)),
      frame(TYPE.PRIORITY, 0, 77, Buffer.of(0, 0, 0, 0, 1)),
      settings([0xabcd, 7], [6, 1]),
      frame(TYPE.HEADERS, END_HEADERS | 0xc2, id, block(OK)),
      data(id, "body", END_STREAM | 0xf6),
    ],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "a PING, a WINDOW_UPDATE and more SETTINGS in between",
    answer: (id) => [
      frame(TYPE.PING, 0, 0, "12345678"),
      frame(TYPE.WINDOW_UPDATE, 0, 0, uint32(1000)),
      frame(TYPE.WINDOW_UPDATE, 0, id, uint32(1000)),
      head(id),
      settings([4, 0], [5, 100_000], [1, 0]),
      data(id, "body", END_STREAM),
    ],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "a PING answer that nobody asked for",
    answer: (id) => [frame(TYPE.PING, ACK, 0, "12345678"), ...whole(id)],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "its Content-Length, and a HEAD's and a 304's that no body follows",
    answer: (id) => [head(id, ["content-length", "4"]), data(id, "body", END_STREAM)],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "an answer to HEAD with a Content-Length",
    method: "HEAD",
    answer: (id) => [headers(id, [OK, ["content-length", "4"]], END)],
    outcome: "200 ",
    keepsConnection: true,
  },
  {
    name: "a 304 with a Content-Length",
    answer: (id) => [
      headers(
        id,
        [
          [":status", "304"],
          ["content-length", "4"],
        ],
        END,
      ),
    ],
    outcome: "304 ",
    keepsConnection: true,
  },
  {
    name: "a Content-Length that says the same twice, in two fields and in a list",
    answer: (id) => [
      head(id, ["content-length", "4"], ["content-length", "4, 4"]),
      data(id, "body", END_STREAM),
    ],
    outcome: "200 body",
    keepsConnection: true,
  },
  {
    name: "256 fields",
    answer: (id) => [
      head(id, ...Array.from({ length: 256 }, (_, i): [string, string] => [`x-${i}`, "1"])),
      data(id, "body", END_STREAM),
    ],
    outcome: "200 body",
    keepsConnection: true,
    large: true,
  },
  ...[0, 8, 2, 5].map((code): Http2Case => ({
    name: `a reset with code ${code} behind its end`,
    answer: (id) => [...whole(id), reset(id, code)],
    outcome: "200 body",
    keepsConnection: true,
  })),
  ...[0, 1, 2].map((code): Http2Case => ({
    name: `GOAWAY with code ${code} behind its end`,
    answer: (id) => [...whole(id), goaway(id, code)],
    outcome: "200 body",
    keepsConnection: false,
  })),
  {
    name: "GOAWAY before it, that names this stream as the last",
    answer: (id) => [goaway(id, 0), ...whole(id)],
    outcome: "200 body",
    keepsConnection: false,
  },
  {
    name: "GOAWAY with an error before it, that names this stream as the last",
    answer: (id) => [goaway(id, 11), ...whole(id)],
    outcome: "200 body",
    keepsConnection: false,
  },
  {
    name: "GOAWAY twice, first without a last stream",
    answer: (id) => [goaway(LAST, 0), head(id), goaway(id, 0), data(id, "body", END_STREAM)],
    outcome: "200 body",
    keepsConnection: false,
  },
  {
    name: "GOAWAY behind the head, that says it was not processed",
    answer: (id) => [head(id), data(id, "half"), goaway(0, 0)],
    outcome: "200 half…",
  },
];

export const broken: Http2Case[] = [
  ...[0, 1, 2, 8, 11, 0xabcd].map((code): Http2Case => ({
    name: `a reset with code ${code} in place of a head`,
    answer: (id) => [reset(id, code)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  })),
  {
    name: "a reset in place of a head, behind a 100",
    answer: (id) => [headers(id, [[":status", "100"]]), reset(id, 7)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  },
  {
    name: "a refusal",
    answer: (id) => [reset(id, 7)],
    outcome: "UPSTREAM_REFUSED, not processed",
    // The request is repeated on the same connection, whose end may come at any moment after that.
    atEnd: ["UPSTREAM_PROTOCOL"],
    keepsConnection: true,
  },
  {
    name: "a refusal behind the head: it was processed",
    answer: (id) => [head(id), reset(id, 7)],
    outcome: "200 …",
    keepsConnection: true,
  },
  {
    name: "HTTP/1.1 required of a connection without TLS, which can have none",
    answer: (id) => [reset(id, 13)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  },
  ...[0, 2, 8].map((code): Http2Case => ({
    name: `a reset with code ${code} within the body`,
    answer: (id) => [head(id), data(id, "half"), reset(id, code)],
    outcome: "200 half…",
    keepsConnection: true,
  })),
  {
    name: "a reset behind all that Content-Length says, without END_STREAM",
    answer: (id) => [head(id, ["content-length", "4"]), data(id, "body"), reset(id, 0)],
    outcome: "200 body…",
    keepsConnection: true,
  },
  {
    name: "GOAWAY that says it was not processed",
    answer: () => [goaway(0, 0)],
    outcome: "UPSTREAM_REFUSED, not processed",
    keepsConnection: false,
  },
  {
    name: "GOAWAY with an error that says it was not processed",
    answer: () => [goaway(0, 11)],
    outcome: "UPSTREAM_REFUSED, not processed",
    keepsConnection: false,
  },
  {
    name: "GOAWAY twice: the second one takes it back",
    answer: (id) => [goaway(id, 0), goaway(0, 0)],
    outcome: "UPSTREAM_REFUSED, not processed",
    keepsConnection: false,
  },
  {
    name: "a body that is shorter than its Content-Length",
    answer: (id) => [head(id, ["content-length", "9"]), data(id, "half", END_STREAM)],
    outcome: "200 half…",
    keepsConnection: true,
  },
  {
    name: "a head that ends it, with a Content-Length",
    answer: (id) => [headers(id, [OK, ["content-length", "9"]], END)],
    outcome: "200 …",
    keepsConnection: true,
  },
  {
    name: "a body that is longer than its Content-Length",
    answer: (id) => [head(id, ["content-length", "2"]), data(id, "half", END_STREAM)],
    outcome: "200 …",
    keepsConnection: true,
  },
  {
    name: "an answer to HEAD with a body",
    method: "HEAD",
    answer: (id) => whole(id),
    outcome: "200 …",
    keepsConnection: true,
  },
  {
    name: "a 204 with a body",
    answer: (id) => [headers(id, [[":status", "204"]]), data(id, "body", END_STREAM)],
    outcome: "204 …",
    keepsConnection: true,
  },
  {
    name: "trailers that do not end it",
    answer: (id) => [head(id), data(id, "half"), headers(id, [["x-sum", "1"]]), data(id, "", END_STREAM)],
    outcome: "200 half…",
    keepsConnection: true,
  },
  {
    name: "trailers with a status",
    answer: (id) => [head(id), data(id, "half"), headers(id, [OK], END)],
    outcome: "200 half…",
    keepsConnection: true,
  },
  ...(
    [
      ["no status", [["x-a", "1"]]],
      ["two statuses", [OK, [":status", "404"]]],
      ["a status of two digits", [[":status", "20"]]],
      ["a status of four digits", [[":status", "2000"]]],
      ["no number as status", [[":status", "2xx"]]],
      ["a 101", [[":status", "101"]]],
      ["a status behind a field", [["x-a", "1"], OK]],
      ["a pseudo-field that nobody knows", [OK, [":x", "1"]]],
      ["a pseudo-field of requests", [OK, [":path", "/"]]],
      ["Transfer-Encoding", [OK, ["transfer-encoding", "chunked"]]],
      ["Connection", [OK, ["connection", "close"]]],
      ["Upgrade", [OK, ["upgrade", "h2c"]]],
      ["two Content-Lengths", [OK, ["content-length", "4"], ["content-length", "5"]]],
      ["a Content-Length that is no number", [OK, ["content-length", "4x"]]],
      ["a name in upper case", [OK, ["X-a", "1"]]],
    ] as [string, [string, string][]][]
  ).map(([name, fields]): Http2Case => ({
    name: `a head with ${name}`,
    answer: (id) => [headers(id, fields), data(id, "body", END_STREAM)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  })),
  ...(
    [
      ["a name with a blank", ["x a", "1"]],
      ["a name without characters", ["", "1"]],
      ["a line break in a value", ["x-a", "1\r\nx-b: 2"]],
      ["a NUL in a value", ["x-a", "1\0"]],
    ] as [string, [string, string]][]
  ).map(([name, field]): Http2Case => ({
    name: `a head with ${name}`,
    answer: (id) => [head(id, field), data(id, "body", END_STREAM)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  })),
  {
    name: "a 1xx that ends it",
    answer: (id) => [headers(id, [[":status", "103"]], END)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  },
  {
    name: "a body before its head",
    answer: (id) => [data(id, "body"), head(id)],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
  },
  {
    name: "257 fields",
    answer: (id) => [
      head(id, ...Array.from({ length: 257 }, (_, i): [string, string] => [`x-${i}`, "1"])),
      data(id, "body", END_STREAM),
    ],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
    large: true,
  },
  {
    name: "a head over 32 KiB",
    answer: (id) => {
      const bytes = block(
        OK,
        ...Array.from({ length: 5 }, (_, i): [string, string] => [`x-${i}`, "v".repeat(7_000)]),
      );
      return [
        frame(TYPE.HEADERS, 0, id, bytes.subarray(0, 16_000)),
        frame(TYPE.CONTINUATION, 0, id, bytes.subarray(16_000, 32_000)),
        frame(TYPE.CONTINUATION, END_HEADERS, id, bytes.subarray(32_000)),
        data(id, "body", END_STREAM),
      ];
    },
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: true,
    large: true,
  },
  {
    name: "informational responses without end",
    answer: (id) => Array.from({ length: 20_000 }, () => headers(id, [[":status", "103"]])),
    outcome: "UPSTREAM_PROTOCOL",
    large: true,
  },
];

/** Each ends the whole connection, on whatever stream it occurs. */
const violations: [name: string, frames: (id: number) => Buffer[]][] = [
  ["a frame that is too long", (id) => [data(id, Buffer.alloc(16_385))]],
  ["SETTINGS of five bytes", () => [frame(TYPE.SETTINGS, 0, 0, Buffer.alloc(5))]],
  ["SETTINGS on a stream", (id) => [frame(TYPE.SETTINGS, 0, id)]],
  ["a SETTINGS answer with a payload", () => [frame(TYPE.SETTINGS, ACK, 0, Buffer.alloc(6))]],
  ["a server that asks for pushes", () => [settings([2, 1])]],
  ["an initial window of 2^31", () => [settings([4, 2 ** 31])]],
  ["a largest frame of 100", () => [settings([5, 100])]],
  ["a largest frame of 2^24", () => [settings([5, 2 ** 24])]],
  ["a PING of seven bytes", () => [frame(TYPE.PING, 0, 0, Buffer.alloc(7))]],
  ["a PING on a stream", (id) => [frame(TYPE.PING, 0, id, Buffer.alloc(8))]],
  ["GOAWAY of seven bytes", () => [frame(TYPE.GOAWAY, 0, 0, Buffer.alloc(7))]],
  ["GOAWAY on a stream", (id) => [frame(TYPE.GOAWAY, 0, id, Buffer.alloc(8))]],
  ["RST_STREAM of three bytes", (id) => [frame(TYPE.RST_STREAM, 0, id, Buffer.alloc(3))]],
  ["RST_STREAM of the connection", () => [reset(0, 8)]],
  ["RST_STREAM of a stream that nobody opened", (id) => [reset(id + 2, 8)]],
  ["WINDOW_UPDATE of three bytes", () => [frame(TYPE.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))]],
  ["WINDOW_UPDATE of nothing", () => [frame(TYPE.WINDOW_UPDATE, 0, 0, uint32(0))]],
  ["WINDOW_UPDATE over 2^31", () => [frame(TYPE.WINDOW_UPDATE, 0, 0, uint32(LAST))]],
  ["WINDOW_UPDATE of a stream that nobody opened", (id) => [frame(TYPE.WINDOW_UPDATE, 0, id + 2, uint32(1))]],
  ["a push", (id) => [frame(TYPE.PUSH_PROMISE, END_HEADERS, id, Buffer.concat([uint32(2), block(OK)]))]],
  ["PRIORITY of the connection", () => [frame(TYPE.PRIORITY, 0, 0, Buffer.alloc(5))]],
  ["a continuation of nothing", (id) => [frame(TYPE.CONTINUATION, END_HEADERS, id, block(OK))]],
  [
    "a head that another frame interrupts",
    (id) => [frame(TYPE.HEADERS, 0, id, block(OK)), frame(TYPE.PING, 0, 0, Buffer.alloc(8))],
  ],
  [
    "a head that an unknown frame interrupts",
    (id) => [frame(TYPE.HEADERS, 0, id, block(OK)), frame(0xfa, 0, id)],
  ],
  [
    "a head that another stream continues",
    (id) => [frame(TYPE.HEADERS, 0, id, block(OK)), frame(TYPE.CONTINUATION, END_HEADERS, id + 2)],
  ],
  ["a head of the connection", () => [headers(0, [OK])]],
  ["a head on a stream of the server's own", () => [headers(2, [OK])]],
  ["a head on a stream that nobody opened", (id) => [headers(id + 2, [OK])]],
  ["DATA of the connection", () => [data(0, "body")]],
  ["DATA on a stream that nobody opened", (id) => [data(id + 2, "body")]],
  ["more padding than there is room for", (id) => [head(id), data(id, Buffer.of(9, 1, 2), PADDED)]],
  ["padding without its length", (id) => [frame(TYPE.HEADERS, END_HEADERS | PADDED, id)]],
  [
    "a head too short for its priority",
    (id) => [frame(TYPE.HEADERS, END_HEADERS | WITH_PRIORITY, id, Buffer.alloc(3))],
  ],
  ["a field of index 0", (id) => [rawHeaders(id, [STATUS_200, 0x80])]],
  ["a field of an index that is empty", (id) => [rawHeaders(id, [STATUS_200, 0xfe])]],
  ["a table that is larger than was allowed", (id) => [rawHeaders(id, [0x3f, 0xe2, 0x1f, STATUS_200])]],
  ["a table size behind a field", (id) => [rawHeaders(id, [STATUS_200, 0x20])]],
  ["a string that is longer than its block", (id) => [rawHeaders(id, [STATUS_200, 0x00, 0x05, 0x78])]],
  ["a block that ends within an integer", (id) => [rawHeaders(id, [STATUS_200, 0x0f])]],
  [
    "an integer without end",
    (id) => [rawHeaders(id, [STATUS_200, 0xff, ...Array.from({ length: 20 }, () => 0xff)])],
  ],
  [
    "Huffman's end of string",
    (id) => [rawHeaders(id, [STATUS_200, 0x00, 0x01, 0x78, 0x84, 0xff, 0xff, 0xff, 0xff])],
  ],
  ["Huffman padding of a byte", (id) => [rawHeaders(id, [STATUS_200, 0x00, 0x01, 0x78, 0x82, 0x1f, 0xff])]],
  ["Huffman padding of zeros", (id) => [rawHeaders(id, [STATUS_200, 0x00, 0x01, 0x78, 0x81, 0x18])]],
];

export const fatal: Http2Case[] = violations.map(([name, answer]) => ({
  name,
  answer,
  outcome: name.includes("padding than") ? "200 …" : "UPSTREAM_PROTOCOL",
  keepsConnection: false,
}));

export const floods: Http2Case[] = [
  {
    name: "a head in continuations without end",
    answer: (id) => [
      frame(TYPE.HEADERS, 0, id, block(OK)),
      ...Array.from({ length: 20_000 }, () => frame(TYPE.CONTINUATION, 0, id)),
    ],
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: false,
    large: true,
  },
  {
    name: "DATA without bytes, without end",
    answer: (id) => [head(id), ...Array.from({ length: 20_000 }, () => data(id, ""))],
    outcome: "200 …",
    keepsConnection: false,
    large: true,
  },
  {
    name: "SETTINGS without end",
    answer: () => Array.from({ length: 20_000 }, () => settings()),
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: false,
    large: true,
  },
];

export const greetings: Http2Case[] = [
  ...(
    [
      ["HTTP/1.1", Buffer.from("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")],
      ["nothing that is HTTP", Buffer.alloc(100, 0xff)],
      ["a PING in place of SETTINGS", frame(TYPE.PING, 0, 0, Buffer.alloc(8))],
      ["an answer to SETTINGS in place of SETTINGS", frame(TYPE.SETTINGS, ACK, 0)],
    ] as [string, Buffer][]
  ).map(([name, hello]): Http2Case => ({
    name,
    hello,
    answer: (id) => whole(id),
    outcome: "UPSTREAM_PROTOCOL",
    keepsConnection: false,
  })),
];
