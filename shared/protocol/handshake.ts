import { readU16, readU32, writeU16, writeU32 } from "./integers.ts";
import { MAX_SETTINGS, MAX_STALL_TIMEOUT_MS } from "./limits.ts";
import { connectionError } from "./tunnel-error.ts";

/** What a connector says first. Windows are those it grants to the relay, in bytes. */
export interface Hello {
  softwareVersion: string;
  /** Random per connector process: 1–64 characters of [A-Za-z0-9._-]. */
  connectorId: string;
  /** Which of the process's connections this is; a new one replaces an older one of the same id and index. */
  connectionIndex: number;
  capabilities: number;
  /** The first STREAMS credit. */
  maxStreams: number;
  streamWindowBytes: number;
  connectionWindowBytes: number;
  /** How long a stream's window may stay shut where its service says nothing of it. Absent: the default. */
  stallTimeoutMs?: number;
  /** Which build of that version it is. */
  build?: string;
  /** For people: what they call this connector. */
  connectorName?: string;
  /** For people: the name of the machine or container that it runs on, and what that is, such as `linux-x64`. */
  host?: string;
  platform?: string;
}

/** The relay's answer. Windows are those it grants to the connector, in bytes. */
export interface Welcome {
  softwareVersion: string;
  relayId: string;
  epoch: number;
  capabilities: number;
  streamWindowBytes: number;
  connectionWindowBytes: number;
  /** Which build of that version it is. */
  build?: string;
}

/** id:u16 | length:u16 | value. Ids this version does not know are ignored. */
const SETTING = {
  softwareVersion: 1,
  capabilities: 2,
  connectorId: 3,
  connectionIndex: 4,
  maxStreams: 5,
  streamWindowBytes: 6,
  connectionWindowBytes: 7,
  epoch: 8,
  relayId: 9,
  stallTimeoutMs: 10,
  build: 11,
  connectorName: 12,
  host: 13,
  platform: 14,
} as const;

/** Of SETTINGS later in a connection: see service-checks.ts. */
export const CHECKS_SETTING = 16;
export const HEALTH_SETTING = 17;
/** As above: see object-list.ts. */
export const OBJECTS_SETTING = 18;

const MAX_TEXT_LENGTH = 64;
/** A version, an id, a build, a connector's name. */
export const HANDSHAKE_TEXT = /^[A-Za-z0-9._-]{1,64}$/;
/** Less than this could never carry a frame's worth; more could not be honoured. */
const WINDOW_RANGE = [1024, 64 * 1024 * 1024] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** SETTINGS, HELLO and WELCOME share one form. Throws a connection error on an overrun, a duplicate or 33 settings. */
export function decodeSettings(payload: Uint8Array): Map<number, Uint8Array> {
  const settings = new Map<number, Uint8Array>();
  let count = 0;
  for (let at = 0; at < payload.byteLength;) {
    if (payload.byteLength - at < 4) throw malformed("a setting ends inside its header");
    const id = readU16(payload, at);
    const length = readU16(payload, at + 2);
    at += 4;
    if (length > payload.byteLength - at) throw malformed(`setting ${id} overruns its frame`);
    if (++count > MAX_SETTINGS) throw malformed(`more than ${MAX_SETTINGS} settings`);
    if (settings.has(id)) throw malformed(`setting ${id} appears twice`);
    settings.set(id, payload.subarray(at, at + length));
    at += length;
  }
  return settings;
}

export function encodeHello(hello: Hello): Uint8Array {
  return encodeSettings(hello);
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  return encodeSettings(welcome);
}

export function decodeHello(payload: Uint8Array): Hello {
  const settings = decodeSettings(payload);
  const hello: Hello = {
    softwareVersion: text(settings, "softwareVersion"),
    connectorId: text(settings, "connectorId"),
    connectionIndex: number(settings, "connectionIndex", 0, 255),
    capabilities: number(settings, "capabilities", 0, 0xffff_ffff),
    maxStreams: number(settings, "maxStreams", 1, 0xffff),
    streamWindowBytes: number(settings, "streamWindowBytes", ...WINDOW_RANGE),
    connectionWindowBytes: number(settings, "connectionWindowBytes", ...WINDOW_RANGE),
  };
  if (settings.has(SETTING.stallTimeoutMs)) {
    const said = number(settings, "stallTimeoutMs", 1, 0xffff_ffff);
    hello.stallTimeoutMs = Math.min(said, MAX_STALL_TIMEOUT_MS);
  }
  return {
    ...hello,
    ...told(settings, "build"),
    ...told(settings, "connectorName"),
    ...told(settings, "host"),
    ...told(settings, "platform"),
  };
}

export function decodeWelcome(payload: Uint8Array): Welcome {
  const settings = decodeSettings(payload);
  return {
    softwareVersion: text(settings, "softwareVersion"),
    relayId: text(settings, "relayId"),
    epoch: number(settings, "epoch", 0, 0xffff_ffff),
    capabilities: number(settings, "capabilities", 0, 0xffff_ffff),
    streamWindowBytes: number(settings, "streamWindowBytes", ...WINDOW_RANGE),
    connectionWindowBytes: number(settings, "connectionWindowBytes", ...WINDOW_RANGE),
    ...told(settings, "build"),
  };
}

function encodeSettings(values: Hello | Welcome): Uint8Array {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const parts = given.map(([name, value]: [string, string | number]) => {
    const bytes = typeof value === "string" ? encoder.encode(value) : new Uint8Array(4);
    if (typeof value === "number") writeU32(bytes, 0, value);
    return { id: SETTING[name as keyof typeof SETTING], bytes };
  });
  return encodeSettingList(parts);
}

export function encodeSettingList(parts: readonly { id: number; bytes: Uint8Array }[]): Uint8Array {
  const payload = new Uint8Array(parts.reduce((size, part) => size + 4 + part.bytes.byteLength, 0));
  let at = 0;
  for (const { id, bytes } of parts) {
    writeU16(payload, at, id);
    writeU16(payload, at + 2, bytes.byteLength);
    payload.set(bytes, at + 4);
    at += 4 + bytes.byteLength;
  }
  return payload;
}

function value(settings: Map<number, Uint8Array>, name: keyof typeof SETTING): Uint8Array {
  const bytes = settings.get(SETTING[name]);
  if (bytes === undefined) throw malformed(`setting ${name} is missing`);
  return bytes;
}

function text(settings: Map<number, Uint8Array>, name: keyof typeof SETTING): string {
  const decoded = textOf(value(settings, name));
  if (decoded === null) throw malformed(`setting ${name} is not 1 to ${MAX_TEXT_LENGTH} of [A-Za-z0-9._-]`);
  return decoded;
}

/** Nothing depends on it: what is no text is as good as absent. */
function told<Name extends "build" | "connectorName" | "host" | "platform">(
  settings: Map<number, Uint8Array>,
  name: Name,
): { [_ in Name]?: string } {
  const decoded = textOf(settings.get(SETTING[name]) ?? new Uint8Array());
  return decoded === null ? {} : ({ [name]: decoded } as { [_ in Name]?: string });
}

function textOf(bytes: Uint8Array): string | null {
  const decoded = bytes.byteLength <= MAX_TEXT_LENGTH ? decoder.decode(bytes) : "";
  return HANDSHAKE_TEXT.test(decoded) ? decoded : null;
}

function number(
  settings: Map<number, Uint8Array>,
  name: keyof typeof SETTING,
  min: number,
  max: number,
): number {
  const bytes = value(settings, name);
  const decoded = bytes.byteLength === 4 ? readU32(bytes, 0) : Number.NaN;
  if (!(decoded >= min && decoded <= max))
    throw malformed(`setting ${name} is not a u32 from ${min} to ${max}`);
  return decoded;
}

function malformed(message: string) {
  return connectionError("PROTOCOL_ERROR", message);
}
