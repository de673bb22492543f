import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

/** One message of a connection between connector and relay. */
export interface RecordedMessage {
  to: "relay" | "connector";
  bytes: Uint8Array;
}

const PATH = join(import.meta.dirname, "recordings/mixed.bin.gz");
const HEADER_BYTES = 5;

/**
 * For each message: 1 if it goes to the relay or 0 to the connector, its length as u32, its bytes. The whole is compressed
 * with gzip.
 */
export function writeRecording(messages: readonly RecordedMessage[]): string {
  const parts = messages.flatMap(({ to, bytes }) => {
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = to === "relay" ? 1 : 0;
    header.writeUInt32BE(bytes.byteLength, 1);
    return [header, bytes];
  });
  writeFileSync(PATH, gzipSync(Buffer.concat(parts), { level: 9 }));
  return PATH;
}

export function readRecording(): RecordedMessage[] {
  const all = gunzipSync(readFileSync(PATH));
  const messages: RecordedMessage[] = [];
  for (let at = 0; at < all.byteLength;) {
    const end = at + HEADER_BYTES + all.readUInt32BE(at + 1);
    messages.push({
      to: all[at] === 1 ? "relay" : "connector",
      // A copy in a buffer of its own, as a socket would deliver it.
      bytes: new Uint8Array(all.subarray(at + HEADER_BYTES, end)),
    });
    at = end;
  }
  return messages;
}
