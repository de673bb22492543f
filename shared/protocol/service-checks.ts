import { CHECKS_SETTING, encodeSettingList, HEALTH_SETTING } from "./handshake.ts";
import { readU16, writeU16 } from "./integers.ts";
import { MAX_CHECKS, MAX_CHECKS_BYTES, MAX_SETTINGS_BYTES } from "./limits.ts";
import { connectionError } from "./tunnel-error.ts";

/** The outcomes by their number on the wire. From the third on, they say why a check fails. */
export const CHECK_OUTCOMES = [
  "PENDING",
  "PASSING",
  "UPSTREAM_NOT_ALLOWED",
  "UPSTREAM_REFUSED",
  "UPSTREAM_DNS",
  "UPSTREAM_TLS",
  "UPSTREAM_PROTOCOL",
  "UPSTREAM_CONNECT_TIMEOUT",
  "UPSTREAM_RESPONSE_TIMEOUT",
  "UNHEALTHY_STATUS",
  "INTERNAL",
] as const;

export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

export function isFailing(outcome: CheckOutcome): boolean {
  return outcome !== "PENDING" && outcome !== "PASSING";
}

/** A list of checks as JSON in ASCII, and a name for exactly this list. */
export interface CheckListText {
  /** 8 hex digits. */
  revision: string;
  json: string;
}

/** The outcomes of one list's checks, in its order. One byte each, so that they fit in a socket's attachment. */
export interface HealthReport {
  revision: string;
  codes: Uint8Array;
}

export function healthReport(revision: string, outcomes: readonly CheckOutcome[]): HealthReport {
  return { revision, codes: Uint8Array.from(outcomes, (outcome) => CHECK_OUTCOMES.indexOf(outcome)) };
}

/** A number this version does not know is a newer connector's reason; a check that the report lacks is pending. */
export function outcomeAt({ codes }: HealthReport, index: number): CheckOutcome {
  const code = codes[index];
  return code === undefined ? "PENDING" : (CHECK_OUTCOMES[code] ?? "INTERNAL");
}

const REVISION_BYTES = 8;
const REVISION = /^[0-9a-f]{8}$/;
/** revision: 8 | part:u16 | parts:u16 */
const PART_HEADER_BYTES = REVISION_BYTES + 4;
const SETTING_HEADER_BYTES = 4;
const PART_BYTES = MAX_SETTINGS_BYTES - SETTING_HEADER_BYTES - PART_HEADER_BYTES;
const MAX_PARTS = Math.ceil(MAX_CHECKS_BYTES / PART_BYTES);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** The payloads of the SETTINGS that carry the list, in the order in which they are to be sent. */
export function encodeChecks({ revision, json }: CheckListText): Uint8Array[] {
  const text = encoder.encode(json);
  const parts = Math.ceil(text.byteLength / PART_BYTES);
  return Array.from({ length: parts }, (_, part) => {
    const piece = text.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
    const bytes = new Uint8Array(PART_HEADER_BYTES + piece.byteLength);
    encoder.encodeInto(revision, bytes);
    writeU16(bytes, REVISION_BYTES, part);
    writeU16(bytes, REVISION_BYTES + 2, parts);
    bytes.set(piece, PART_HEADER_BYTES);
    return encodeSettingList([{ id: CHECKS_SETTING, bytes }]);
  });
}

/** Assembles a list of checks from the parts that come on one connection. */
export class CheckListReader {
  #revision = "";
  #pieces: Uint8Array[] = [];

  /** The list, once its last part is here; null before, and for settings without a part. Throws a connection error. */
  read(settings: ReadonlyMap<number, Uint8Array>): CheckListText | null {
    const bytes = settings.get(CHECKS_SETTING);
    if (bytes === undefined) return null;
    if (bytes.byteLength < PART_HEADER_BYTES) throw malformed("a part of the checks without its header");
    const revision = readRevision(bytes);
    const part = readU16(bytes, REVISION_BYTES);
    const parts = readU16(bytes, REVISION_BYTES + 2);
    if (part === 0) this.#pieces = [];
    else if (revision !== this.#revision) throw malformed("parts of different lists of checks");
    if (part !== this.#pieces.length || part >= parts || parts > MAX_PARTS) {
      throw malformed("a part of the checks out of order");
    }
    this.#revision = revision;
    // A view would keep its whole message.
    this.#pieces.push(bytes.slice(PART_HEADER_BYTES));
    if (part + 1 < parts) return null;
    const json = this.#pieces.map((piece) => decoder.decode(piece)).join("");
    this.#pieces = [];
    return { revision, json };
  }
}

export function encodeHealth({ revision, codes }: HealthReport): Uint8Array {
  const bytes = new Uint8Array(REVISION_BYTES + codes.byteLength);
  encoder.encodeInto(revision, bytes);
  bytes.set(codes, REVISION_BYTES);
  return encodeSettingList([{ id: HEALTH_SETTING, bytes }]);
}

/** Null where the settings hold no report. Throws a connection error. */
export function readHealth(settings: ReadonlyMap<number, Uint8Array>): HealthReport | null {
  const bytes = settings.get(HEALTH_SETTING);
  if (bytes === undefined) return null;
  if (bytes.byteLength < REVISION_BYTES || bytes.byteLength > REVISION_BYTES + MAX_CHECKS) {
    throw malformed(`a health report of ${bytes.byteLength} bytes`);
  }
  // A view would keep its whole message.
  return { revision: readRevision(bytes), codes: bytes.slice(REVISION_BYTES) };
}

function readRevision(bytes: Uint8Array): string {
  const revision = decoder.decode(bytes.subarray(0, REVISION_BYTES));
  if (!REVISION.test(revision)) throw malformed("a list of checks without a revision");
  return revision;
}

function malformed(message: string) {
  return connectionError("PROTOCOL_ERROR", message);
}
