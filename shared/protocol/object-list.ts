import { encodeSettingList, OBJECTS_SETTING } from "./handshake.ts";
import { readU32, writeU32 } from "./integers.ts";
import { connectionError } from "./tunnel-error.ts";

/** The objects of its tunnel to which a connector attaches. */
export interface ObjectList {
  /** Grows with each change; lists come from every object, and the newest counts. */
  revision: number;
  names: readonly string[];
}

/** The most objects that a tunnel may have, including those that attach or leave. */
export const MAX_OBJECTS = 64;

const NAME = /^[A-Za-z0-9._-]{1,80}$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** The payload of the SETTINGS that carries the list. */
export function encodeObjects({ revision, names }: ObjectList): Uint8Array {
  const text = encoder.encode(names.join(","));
  const bytes = new Uint8Array(4 + text.byteLength);
  writeU32(bytes, 0, revision);
  bytes.set(text, 4);
  return encodeSettingList([{ id: OBJECTS_SETTING, bytes }]);
}

/** Null where the settings hold no list. Throws a connection error. */
export function readObjects(settings: ReadonlyMap<number, Uint8Array>): ObjectList | null {
  const bytes = settings.get(OBJECTS_SETTING);
  if (bytes === undefined) return null;
  if (bytes.byteLength < 5) throw connectionError("PROTOCOL_ERROR", "a list of objects without a name");
  const names = decoder.decode(bytes.subarray(4)).split(",");
  if (
    names.length > MAX_OBJECTS ||
    new Set(names).size !== names.length ||
    !names.every((name) => NAME.test(name))
  ) {
    throw connectionError("PROTOCOL_ERROR", "a malformed list of objects");
  }
  return { revision: readU32(bytes, 0), names };
}
