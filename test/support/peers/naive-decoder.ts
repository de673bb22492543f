/**
 * A second decoder, written from the protocol's description. It shares no code with the first, and is slow and plain and
 * decodes one frame at a time. Tests compare the two.
 */
import staticNames from "../../vectors/static-field-names.json" with { type: "json" };

export interface NaiveFrame {
  frame: string;
  flags: number;
  streamId: number;
  meaning: unknown;
}

export class NaiveError extends Error {
  readonly scope: "connection" | "stream";
  readonly code: string;

  constructor(scope: "connection" | "stream", code: string) {
    super(`${scope} ${code}`);
    this.scope = scope;
    this.code = code;
  }
}

interface Row {
  name: string;
  place: "connection" | "stream" | "both";
  min: number;
  max: number;
  meaning(view: DataView): unknown;
}

const ROWS: Record<number, Row> = {
  0x01: { name: "HELLO", place: "connection", min: 0, max: 4096, meaning: hello },
  0x02: { name: "WELCOME", place: "connection", min: 0, max: 4096, meaning: welcome },
  0x03: { name: "SETTINGS", place: "connection", min: 0, max: 4096, meaning: plainSettings },
  0x04: { name: "GOAWAY", place: "connection", min: 10, max: 266, meaning: goaway },
  0x05: { name: "PING", place: "connection", min: 8, max: 8, meaning: (view) => ({ hex: hexOf(view) }) },
  0x06: { name: "STREAMS", place: "connection", min: 4, max: 4, meaning: u32 },
  0x07: { name: "WINDOW", place: "both", min: 8, max: 8, meaning: offset },
  0x08: { name: "RESTART", place: "connection", min: 4, max: 4, meaning: u32 },
  0x10: { name: "OPEN", place: "stream", min: 3, max: 131072, meaning: open },
  0x11: { name: "HEAD", place: "stream", min: 4, max: 131072, meaning: head },
  0x12: { name: "DATA", place: "stream", min: 0, max: 262144, meaning: (view) => ({ hex: hexOf(view) }) },
  0x13: { name: "TRAILERS", place: "stream", min: 2, max: 131072, meaning: trailers },
  0x14: { name: "RESET", place: "stream", min: 2, max: 258, meaning: reset },
  0x15: { name: "STOP", place: "stream", min: 0, max: 0, meaning: () => ({}) },
  0x16: { name: "WSMSG", place: "stream", min: 0, max: 65536, meaning: (view) => ({ hex: hexOf(view) }) },
  0x17: { name: "WSCLOSE", place: "stream", min: 0, max: 125, meaning: close },
};

const CODES: Record<number, string> = {
  0: "NO_ERROR",
  1: "PROTOCOL_ERROR",
  2: "FLOW_CONTROL",
  3: "CALM",
  4: "INTERNAL",
  5: "CANCEL",
  6: "STALLED",
  7: "DRAINING",
  8: "STREAM_ERROR",
  9: "BODY_ABORTED",
  10: "REPLACED",
  11: "TOKEN_REVOKED",
  12: "TUNNEL_DELETED",
  13: "MESSAGE_TOO_LARGE",
  256: "NO_CONNECTOR",
  257: "OVERLOADED",
  258: "UNKNOWN_TUNNEL",
  259: "UNKNOWN_SERVICE",
  260: "ACCESS_DENIED",
  261: "UPSTREAM_NOT_ALLOWED",
  262: "UPSTREAM_REFUSED",
  263: "UPSTREAM_DNS",
  264: "UPSTREAM_TLS",
  265: "UPSTREAM_PROTOCOL",
  266: "UPSTREAM_CONNECT_TIMEOUT",
  267: "UPSTREAM_RESPONSE_TIMEOUT",
  268: "CONNECTOR_LOST",
  269: "RELAY_RESTART",
  270: "BAD_REQUEST",
  271: "BODY_TOO_LARGE",
  272: "URI_TOO_LONG",
  273: "FIELDS_TOO_LARGE",
  274: "LOOP_DETECTED",
  275: "CONNECTOR_OVERLOADED",
};

/** Decodes the frames of a message. It checks the framing of all frames before it decodes any. */
export function naiveDecode(message: Uint8Array): NaiveFrame[] {
  if (message.length === 0 || message.length > 1_048_576)
    throw new NaiveError("connection", "PROTOCOL_ERROR");
  const pieces: { row: Row; flags: number; streamId: number; payload: DataView }[] = [];
  let rest = message;
  while (rest.length > 0) {
    ensure(rest.length >= 9);
    const view = viewOf(rest);
    const length = view.getUint8(0) * 65536 + view.getUint16(1);
    ensure(rest.length >= 9 + length);
    const [type, flags, streamId] = [view.getUint8(3), view.getUint8(4), view.getUint32(5)];
    ensure(streamId < 2 ** 31);
    const payload = viewOf(rest.slice(9, 9 + length));
    rest = rest.slice(9 + length);
    if (type >= 0x40) continue;
    const row = ROWS[type];
    if (row === undefined) throw new NaiveError("connection", "PROTOCOL_ERROR");
    ensure(length >= row.min && length <= row.max);
    ensure(row.place !== "connection" || streamId === 0);
    ensure(row.place !== "stream" || streamId !== 0);
    pieces.push({ row, flags, streamId, payload });
  }
  return pieces.map(({ row, flags, streamId, payload }) => ({
    frame: row.name,
    flags,
    streamId,
    meaning: row.meaning(payload),
  }));
}

function u32(view: DataView) {
  return { value: view.getUint32(0) };
}

function offset(view: DataView) {
  const value = view.getBigUint64(0);
  if (value > 2n ** 53n - 1n) throw new NaiveError("connection", "FLOW_CONTROL");
  return { offset: Number(value) };
}

function reset(view: DataView) {
  return { code: CODES[view.getUint16(0)] ?? "INTERNAL", detail: lenientText(view, 2) };
}

function goaway(view: DataView) {
  return {
    lastStreamId: view.getUint32(0),
    code: CODES[view.getUint16(4)] ?? "INTERNAL",
    drainMs: view.getUint32(6),
    text: lenientText(view, 10),
  };
}

function close(view: DataView) {
  if (view.byteLength === 0) return { code: null, reason: "" };
  ensure(view.byteLength !== 1);
  const code = view.getUint16(0);
  const named = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code);
  return { code: named || (code >= 3000 && code <= 4999) ? code : 1002, reason: lenientText(view, 2) };
}

function settings(view: DataView): Map<number, DataView> {
  const found = new Map<number, DataView>();
  let at = 0;
  while (at < view.byteLength) {
    ensure(at + 4 <= view.byteLength);
    const [id, length] = [view.getUint16(at), view.getUint16(at + 2)];
    ensure(at + 4 + length <= view.byteLength && !found.has(id) && found.size < 32);
    found.set(id, new DataView(view.buffer, view.byteOffset + at + 4, length));
    at += 4 + length;
  }
  return found;
}

function plainSettings(view: DataView) {
  return [...settings(view)].map(([id, value]) => [id, hexOf(value)]);
}

function hello(view: DataView) {
  const all = settings(view);
  return {
    softwareVersion: word(all, 1),
    connectorId: word(all, 3),
    connectionIndex: integer(all, 4, 0, 255),
    capabilities: integer(all, 2, 0, 2 ** 32 - 1),
    maxStreams: integer(all, 5, 1, 65535),
    streamWindowBytes: integer(all, 6, 1024, 67_108_864),
    connectionWindowBytes: integer(all, 7, 1024, 67_108_864),
    ...(all.has(10) ? { stallTimeoutMs: Math.min(integer(all, 10, 1, 2 ** 32 - 1), 3_600_000) } : {}),
    ...optionalWord(all, 11, "build"),
    ...optionalWord(all, 12, "connectorName"),
    ...optionalWord(all, 13, "host"),
    ...optionalWord(all, 14, "platform"),
  };
}

function welcome(view: DataView) {
  const all = settings(view);
  return {
    softwareVersion: word(all, 1),
    relayId: word(all, 9),
    epoch: integer(all, 8, 0, 2 ** 32 - 1),
    capabilities: integer(all, 2, 0, 2 ** 32 - 1),
    streamWindowBytes: integer(all, 6, 1024, 67_108_864),
    connectionWindowBytes: integer(all, 7, 1024, 67_108_864),
    ...optionalWord(all, 11, "build"),
  };
}

/** Left out if the value is not a 32-bit word. */
function optionalWord(all: Map<number, DataView>, id: number, name: string): Record<string, string> {
  try {
    return { [name]: word(all, id) };
  } catch {
    return {};
  }
}

function word(all: Map<number, DataView>, id: number): string {
  const value = all.get(id);
  ensure(value !== undefined);
  const text = String.fromCharCode(...new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  ensure(/^[A-Za-z0-9._-]+$/.test(text) && text.length <= 64);
  return text;
}

function integer(all: Map<number, DataView>, id: number, min: number, max: number): number {
  const value = all.get(id);
  ensure(value !== undefined && value.byteLength === 4);
  const number = value.getUint32(0);
  ensure(number >= min && number <= max);
  return number;
}

function open(view: DataView) {
  const kind = [undefined, "http", "websocket", "tcp"][view.getUint8(0)];
  if (kind === undefined) throw new NaiveError("stream", "STREAM_ERROR");
  const { facts, fields } = block(view, 1);
  const isTcp = kind === "tcp";
  const [target, service, method, path, project, environment, requestId] = [1, 2, 3, 4, 5, 6, 7].map((id) => {
    if (isTcp && id === 3) return "CONNECT";
    if (isTcp && id === 4) return "";
    const fact = facts.get(id);
    if (fact === undefined || fact === "") throw new NaiveError("stream", "STREAM_ERROR");
    return fact;
  });
  const timeouts = times(facts, {
    8: "connectTimeoutMs",
    9: "responseTimeoutMs",
    12: "stallTimeoutMs",
    ...(isTcp ? { 13: "idleTimeoutMs", 15: "maxConnections" } : {}),
  });
  const startTls = isTcp && facts.has(14) ? { startTls: facts.get(14) } : {};
  valid(startTls.startTls === undefined || startTls.startTls === "postgres");
  checkFields(fields);
  const said = { kind, target, service, method, path, project, environment, requestId, fields };
  if (isTcp) return { ...said, ...timeouts, ...startTls };
  valid(isToken(method ?? "") && method !== "CONNECT" && method !== "TRACE");
  valid(path !== undefined && path.length <= 18432 && path.startsWith("/"));
  valid((path ?? "").split("").every((c) => c > " " && c !== "\u007f"));
  return { ...said, ...timeouts };
}

function head(view: DataView) {
  const status = view.getUint16(0);
  const { facts, fields } = block(view, 2);
  valid(status >= 100 && status < 600);
  checkFields(fields);
  const units = (facts.get(10) ?? "").slice(0, 256).split("");
  const reason = units.filter((c) => c >= " " && c !== "\u007f").join("");
  return { status, reason: reason.toWellFormed(), ...times(facts, { 11: "upstreamMs" }), fields };
}

function times(facts: ReadonlyMap<number, string>, names: Record<number, string>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [id, name] of Object.entries(names)) {
    const fact = facts.get(Number(id));
    if (fact === undefined) continue;
    valid(
      fact.length <= 9 && Number.isInteger(Number(fact)) && String(Number(fact)) === fact && Number(fact) > 0,
    );
    found[name] = Number(fact);
  }
  return found;
}

function trailers(view: DataView) {
  const { fields } = block(view, 0);
  checkFields(fields);
  return { fields };
}

function block(view: DataView, start: number): { facts: Map<number, string>; fields: [string, string][] } {
  const count = view.getUint16(start);
  ensure(start + 2 + 4 * count <= view.byteLength);
  valid(count <= 272);
  let blob: string;
  try {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start + 2 + 4 * count);
    blob = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NaiveError("connection", "PROTOCOL_ERROR");
  }
  const cut = (length: number): string => {
    ensure(length <= blob.length);
    const piece = blob.slice(0, length);
    blob = blob.slice(length);
    ensure(piece.isWellFormed());
    return piece;
  };
  const facts = new Map<number, string>();
  const fields: [string, string][] = [];
  for (let i = 0; i < count; i++) {
    const nameLength = view.getUint16(start + 2 + 4 * i);
    const valueLength = view.getUint16(start + 4 + 4 * i);
    if (nameLength < 0x8000) {
      const name = cut(nameLength);
      fields.push([name, cut(valueLength)]);
    } else if (nameLength - 0x8000 >= 32) {
      const name = staticNames[nameLength - 0x8000 - 32];
      ensure(name !== undefined);
      fields.push([name, cut(valueLength)]);
    } else {
      const id = nameLength - 0x8000;
      ensure(id >= 1);
      facts.set(id, cut(valueLength));
    }
  }
  ensure(blob === "");
  return { facts, fields };
}

const ONE_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];

function checkFields(fields: [string, string][]): void {
  valid(fields.length <= 256);
  valid(fields.reduce((size, [name, value]) => size + name.length + value.length, 0) <= 32768);
  for (const [name, value] of fields) {
    valid(isToken(name) && name === name.toLowerCase() && name.length <= 256 && !ONE_HOP.includes(name));
    valid(value.split("").every((c) => c === "\t" || (c >= " " && c !== "\u007f")));
  }
  const lengths = fields.filter(([name]) => name === "content-length").map(([, value]) => value);
  valid(lengths.length <= 1);
  for (const length of lengths)
    valid(/^[0-9]{1,16}$/.test(length) && Number(length) <= Number.MAX_SAFE_INTEGER);
}

function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

function ensure(condition: boolean): asserts condition {
  if (!condition) throw new NaiveError("connection", "PROTOCOL_ERROR");
}

function valid(condition: boolean): asserts condition {
  if (!condition) throw new NaiveError("stream", "STREAM_ERROR");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hexOf(view: DataView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("hex");
}

function lenientText(view: DataView, start: number): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    new Uint8Array(view.buffer, view.byteOffset + start, view.byteLength - start),
  );
}
