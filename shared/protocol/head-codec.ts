/*
 * Heads of requests and answers to bytes and back. Both ends use it through their mux.
 *
 * A head that cannot be carried fails on the side that wanted to send it, with a code. What a peer may not know yet is left out
 * or refused, as its `capabilities` say. Lengths count UTF-16 units.
 *
 * docs/protocol.md#heads; decisions 0006, 0011 and 0034.
 */
import {
  contentLengthOf,
  HOP_BY_HOP,
  isFieldName,
  isFieldValue,
  isRequestMethod,
  isRequestPath,
} from "../http/index.ts";
import { type Capability, has, OWN_CAPABILITIES } from "./capabilities.ts";
import type { ErrorCode } from "./error-code.ts";
import { STATIC_FIELD_NAMES } from "./field-names.ts";
import {
  type Field,
  type OpenHead,
  type ResponseHead,
  type StreamKind,
  TCP_METHOD,
  TCP_PATH,
} from "./head.ts";
import { byteAt, readU16, writeU16 } from "./integers.ts";
import {
  MAX_FIELD_NAME_LENGTH,
  MAX_FIELDS,
  MAX_HEAD_BYTES,
  MAX_HEAD_FRAME_BYTES,
  MAX_PATH_LENGTH,
  SHORT_HEAD_FRAME_BYTES,
  SHORT_PATH_LENGTH,
} from "./limits.ts";
import { connectionError, TunnelError } from "./tunnel-error.ts";

/**
 * A block of fields: count:u16, then per field nameLength:u16 and valueLength:u16, then one blob of UTF-8.
 * Lengths count UTF-16 units of the decoded blob, so that it is decoded once and cut up.
 * Bit 15 of nameLength: the low bits are an id of the static table and the blob holds no name.
 * Ids below FIRST_FIELD_ID are facts of the stream itself; no header can be spelled like them.
 */
const NAME_IS_ID = 0x8000;
const FIRST_FIELD_ID = 32;
const FACT = {
  target: 1,
  service: 2,
  method: 3,
  path: 4,
  project: 5,
  environment: 6,
  requestId: 7,
  connectTimeoutMs: 8,
  responseTimeoutMs: 9,
  reason: 10,
  upstreamMs: 11,
  stallTimeoutMs: 12,
  idleTimeoutMs: 13,
  startTls: 14,
  maxConnections: 15,
} as const;
type FactName = keyof typeof FACT;
/** Facts are not counted as fields, so their number and size have limits of their own. */
const MAX_FACTS = 16;

const KINDS: readonly StreamKind[] = ["http", "websocket", "tcp"];
const FACT_NAMES = new Map<number, FactName>(
  Object.entries(FACT).map(([name, id]) => [id, name as FactName]),
);
const ID_OF_NAME = new Map(STATIC_FIELD_NAMES.map((name, index) => [name, FIRST_FIELD_ID + index]));

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const scratch = new Uint8Array(MAX_HEAD_FRAME_BYTES);
const MAX_UTF8_PER_UNIT = 3;
/** The table of lengths, and facts that are names. */
const OTHER_FACTS_BYTES = 4 * 1024;

/**
 * For a peer with these capabilities. Throws a stream error URI_TOO_LONG, FIELDS_TOO_LARGE or BAD_REQUEST where the head
 * cannot be carried.
 */
export function encodeOpen(open: OpenHead, capabilities = OWN_CAPABILITIES): Uint8Array {
  const facts: [FactName, string][] = [
    ["target", open.target],
    ["service", open.service],
  ];
  if (open.kind !== "tcp") facts.push(["method", open.method], ["path", open.path]);
  facts.push(["project", open.project], ["environment", open.environment], ["requestId", open.requestId]);
  if (open.connectTimeoutMs !== undefined) facts.push(["connectTimeoutMs", String(open.connectTimeoutMs)]);
  if (open.responseTimeoutMs !== undefined) facts.push(["responseTimeoutMs", String(open.responseTimeoutMs)]);
  if (open.stallTimeoutMs !== undefined && has(capabilities, "STALL_LIMIT"))
    facts.push(["stallTimeoutMs", String(open.stallTimeoutMs)]);
  if (open.idleTimeoutMs !== undefined) facts.push(["idleTimeoutMs", String(open.idleTimeoutMs)]);
  if (open.startTls !== undefined) facts.push(["startTls", open.startTls]);
  if (open.maxConnections !== undefined) facts.push(["maxConnections", String(open.maxConnections)]);
  const maxPathLength = has(capabilities, "LONG_HEADS") ? MAX_PATH_LENGTH : SHORT_PATH_LENGTH;
  const problem = requestProblem(open, maxPathLength);
  if (problem !== null) throw new TunnelError(problem.code, problem.message);
  scratch[0] = KINDS.indexOf(open.kind) + 1;
  return encodeBlock("FIELDS_TOO_LARGE", 1, facts, open.fields, frameLimit(capabilities));
}

/** The capability that the peer needs for this OPEN; null: none. */
export function capabilityFor(open: OpenHead): Capability | null {
  if (open.kind === "tcp") return "TCP";
  if (open.path.length > SHORT_PATH_LENGTH) return "LONG_HEADS";
  const isLong =
    maxBytesOf(open) > SHORT_HEAD_FRAME_BYTES && encodeOpen(open).byteLength > SHORT_HEAD_FRAME_BYTES;
  return isLong ? "LONG_HEADS" : null;
}

/** Throws a connection error where the block is malformed, a stream error where it is no valid request. */
export function decodeOpen(payload: Uint8Array): OpenHead {
  const kind = KINDS[byteAt(payload, 0) - 1];
  if (kind === undefined) throw invalid("unknown kind of stream");
  const { facts, fields } = decodeBlock(payload, 1);
  const open: OpenHead = {
    kind,
    target: required(facts, "target"),
    service: required(facts, "service"),
    method: kind === "tcp" ? TCP_METHOD : required(facts, "method"),
    path: kind === "tcp" ? TCP_PATH : required(facts, "path"),
    project: required(facts, "project"),
    environment: required(facts, "environment"),
    requestId: required(facts, "requestId"),
    fields,
  };
  const connectTimeoutMs = count(facts, "connectTimeoutMs");
  if (connectTimeoutMs !== null) open.connectTimeoutMs = connectTimeoutMs;
  const responseTimeoutMs = count(facts, "responseTimeoutMs");
  if (responseTimeoutMs !== null) open.responseTimeoutMs = responseTimeoutMs;
  const stallTimeoutMs = count(facts, "stallTimeoutMs");
  if (stallTimeoutMs !== null) open.stallTimeoutMs = stallTimeoutMs;
  if (kind === "tcp") addTcpFacts(open, facts);
  const problem = requestProblem(open, MAX_PATH_LENGTH);
  if (problem !== null) throw invalid(problem.message);
  return open;
}

function addTcpFacts(open: OpenHead, facts: Map<FactName, string>): void {
  const idleTimeoutMs = count(facts, "idleTimeoutMs");
  if (idleTimeoutMs !== null) open.idleTimeoutMs = idleTimeoutMs;
  const maxConnections = count(facts, "maxConnections");
  if (maxConnections !== null) open.maxConnections = maxConnections;
  const startTls = facts.get("startTls");
  if (startTls === undefined) return;
  // Ignoring an unknown way would send clear text where TLS was wanted.
  if (startTls !== "postgres") throw invalid("unknown startTls");
  open.startTls = startTls;
}

/** For a peer with these capabilities. Throws a stream error UPSTREAM_PROTOCOL where the upstream's head cannot be carried. */
export function encodeHead(head: ResponseHead, capabilities = OWN_CAPABILITIES): Uint8Array {
  const problem = statusProblem(head.status) ?? fieldsProblem(head.fields);
  if (problem !== null) throw new TunnelError("UPSTREAM_PROTOCOL", problem.message);
  writeU16(scratch, 0, head.status);
  const facts: [FactName, string][] = [];
  const reason = printable(head.reason);
  if (reason !== "") facts.push(["reason", reason]);
  if (head.upstreamMs !== undefined && has(capabilities, "UPSTREAM_MS"))
    facts.push(["upstreamMs", String(head.upstreamMs)]);
  return encodeBlock("UPSTREAM_PROTOCOL", 2, facts, head.fields, frameLimit(capabilities));
}

export function decodeHead(payload: Uint8Array): ResponseHead {
  const { facts, fields } = decodeBlock(payload, 2);
  const status = readU16(payload, 0);
  const problem = statusProblem(status) ?? fieldsProblem(fields);
  if (problem !== null) throw invalid(problem.message);
  const head: ResponseHead = { status, reason: printable(facts.get("reason") ?? ""), fields };
  const upstreamMs = count(facts, "upstreamMs");
  if (upstreamMs !== null) head.upstreamMs = upstreamMs;
  return head;
}

export function encodeTrailers(fields: readonly Field[], capabilities = OWN_CAPABILITIES): Uint8Array {
  const problem = fieldsProblem(fields);
  if (problem !== null) throw new TunnelError("UPSTREAM_PROTOCOL", problem.message);
  return encodeBlock("UPSTREAM_PROTOCOL", 0, [], fields, frameLimit(capabilities));
}

export function decodeTrailers(payload: Uint8Array): Field[] {
  const { fields } = decodeBlock(payload, 0);
  const problem = fieldsProblem(fields);
  if (problem !== null) throw invalid(problem.message);
  return fields;
}

/**
 * Writes the block into `scratch` behind `prefixBytes` already there, and returns a copy of both.
 * A lone surrogate becomes U+FFFD, piece by piece: two halves that met in the blob would be one character.
 */
function encodeBlock(
  tooLarge: ErrorCode,
  prefixBytes: number,
  facts: readonly (readonly [FactName, string])[],
  fields: readonly Field[],
  maxBytes: number,
): Uint8Array {
  writeU16(scratch, prefixBytes, facts.length + fields.length);
  let at = prefixBytes + 2;
  let text = "";
  for (const [name, value] of facts) {
    writeU16(scratch, at, NAME_IS_ID | FACT[name]);
    writeU16(scratch, at + 2, value.length);
    at += 4;
    text += value.toWellFormed();
  }
  for (const [name, value] of fields) {
    const id = ID_OF_NAME.get(name);
    writeU16(scratch, at, id === undefined ? name.length : NAME_IS_ID | id);
    writeU16(scratch, at + 2, value.length);
    at += 4;
    if (id === undefined) text += name;
    text += value.toWellFormed();
  }
  const { read, written } = encoder.encodeInto(text, scratch.subarray(at, maxBytes));
  if (read < text.length) throw new TunnelError(tooLarge, `head over ${maxBytes} bytes`);
  return scratch.slice(0, at + written);
}

function frameLimit(capabilities: number): number {
  return has(capabilities, "LONG_HEADS") ? MAX_HEAD_FRAME_BYTES : SHORT_HEAD_FRAME_BYTES;
}

/** An upper bound of the size. For most heads it is far below the limits. */
function maxBytesOf({ path, target, fields }: OpenHead): number {
  let units = path.length + target.length;
  for (const [name, value] of fields) units += name.length + value.length;
  return units * MAX_UTF8_PER_UNIT + OTHER_FACTS_BYTES;
}

interface Block {
  facts: Map<FactName, string>;
  fields: Field[];
}

function decodeBlock(payload: Uint8Array, start: number): Block {
  const count = readU16(payload, start);
  const blobAt = start + 2 + 4 * count;
  if (blobAt > payload.byteLength) throw malformed("the length table overruns its frame");
  if (count > MAX_FIELDS + MAX_FACTS) throw invalid(`${count} fields, at most ${MAX_FIELDS} are allowed`);
  const text = decodeText(payload.subarray(blobAt));
  const nonAscii = text.length !== payload.byteLength - blobAt;
  const block: Block = { facts: new Map(), fields: [] };
  let cut = 0;
  const take = (length: number): string => {
    const piece = text.slice(cut, cut + length);
    cut += length;
    if (nonAscii && !piece.isWellFormed()) throw malformed("a length cuts a character");
    return piece;
  };
  for (let index = 0, at = start + 2; index < count; index++, at += 4) {
    const nameLength = readU16(payload, at);
    const id = nameLength & NAME_IS_ID ? nameLength & ~NAME_IS_ID : null;
    const name = id === null ? take(nameLength) : id >= FIRST_FIELD_ID ? fieldName(id) : null;
    const value = take(readU16(payload, at + 2));
    if (name !== null) block.fields.push([name, value]);
    else addFact(block.facts, id ?? 0, value);
  }
  if (cut !== text.length) throw malformed("the field lengths do not add up to the blob");
  return block;
}

function decodeText(blob: Uint8Array): string {
  try {
    return decoder.decode(blob);
  } catch {
    throw malformed("the head is not UTF-8");
  }
}

function fieldName(id: number): string {
  const name = STATIC_FIELD_NAMES[id - FIRST_FIELD_ID];
  if (name === undefined) throw malformed(`unknown static name ${id}`);
  return name;
}

/** Facts that this version does not know are a newer peer's, and are ignored. */
function addFact(facts: Map<FactName, string>, id: number, value: string): void {
  if (id === 0) throw malformed("static name 0");
  const name = FACT_NAMES.get(id);
  if (name !== undefined) facts.set(name, value);
}

function required(facts: Map<FactName, string>, name: FactName): string {
  const value = facts.get(name);
  if (value === undefined || value === "") throw invalid(`${name} is missing`);
  return value;
}

function count(facts: Map<FactName, string>, name: FactName): number | null {
  const value = facts.get(name);
  if (value === undefined) return null;
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw invalid(`${name} is not a number of at least 1`);
  return Number(value);
}

/** Why a head cannot be carried. The code is for a request; an upstream's answer has one for all of them. */
interface HeadProblem {
  code: "BAD_REQUEST" | "URI_TOO_LONG" | "FIELDS_TOO_LARGE";
  message: string;
}

function requestProblem(open: OpenHead, maxPathLength: number): HeadProblem | null {
  if (open.kind === "tcp") return fieldsProblem(open.fields);
  if (!isRequestMethod(open.method)) return bad("the tunnel cannot carry this method");
  if (open.path.length > maxPathLength)
    return { code: "URI_TOO_LONG", message: `path over ${maxPathLength} characters` };
  if (!isRequestPath(open.path))
    return bad("the path does not start with / or contains a space or control character");
  return fieldsProblem(open.fields);
}

function statusProblem(status: number): HeadProblem | null {
  return status >= 100 && status <= 599 ? null : bad(`status ${status}`);
}

/** What makes fields invalid on the wire, or null. Names must be lower-case tokens that are not hop-by-hop. */
function fieldsProblem(fields: readonly Field[]): HeadProblem | null {
  if (fields.length > MAX_FIELDS)
    return tooLarge(`${fields.length} fields, at most ${MAX_FIELDS} are allowed`);
  let size = 0;
  for (const [name, value] of fields) {
    size += name.length + value.length;
    if (!ID_OF_NAME.has(name)) {
      if (!isFieldName(name)) return bad("a field name is not a lower-case token");
      if (name.length > MAX_FIELD_NAME_LENGTH)
        return tooLarge(`a field name over ${MAX_FIELD_NAME_LENGTH} bytes`);
      if (HOP_BY_HOP.has(name)) return bad(`field ${name} is a hop-by-hop field`);
    }
    if (!isFieldValue(value)) return bad(`the value of ${name} has a control character`);
  }
  if (contentLengthOf(fields) === "invalid") return bad("content-length is not one number");
  return size > MAX_HEAD_BYTES
    ? tooLarge(`fields of ${size} bytes, at most ${MAX_HEAD_BYTES} are allowed`)
    : null;
}

function bad(message: string): HeadProblem {
  return { code: "BAD_REQUEST", message };
}

function tooLarge(message: string): HeadProblem {
  return { code: "FIELDS_TOO_LARGE", message };
}

/** The reason phrase without characters that could split a line (RFC 9112 §4). */
function printable(reason: string): string {
  return (
    reason
      .slice(0, MAX_FIELD_NAME_LENGTH)
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      .replace(/[\u0000-\u001f\u007f]/g, "")
      .toWellFormed()
  );
}

function malformed(message: string): TunnelError {
  return connectionError("PROTOCOL_ERROR", message);
}

function invalid(message: string): TunnelError {
  return new TunnelError("STREAM_ERROR", message);
}
