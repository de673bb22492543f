import { type CapturedBody, MAX_CAPTURED_BODY_BYTES } from "../../shared/capture/captured-request.ts";
import type { Field } from "../../shared/http/index.ts";

type Format = "gzip" | "deflate";

const CODINGS: Readonly<Record<string, Format>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

export function valueOf(fields: readonly Field[], name: string): string {
  return fields.find(([known]) => known === name)?.[1] ?? "";
}

/** The first bytes of a body as text, before redaction. `totalBytes` is the size on the wire. */
export async function bodyText(
  first: Uint8Array,
  totalBytes: number,
  fields: readonly Field[],
): Promise<CapturedBody> {
  const coding = valueOf(fields, "content-encoding").trim().toLowerCase();
  const body = { bytes: totalBytes, isCut: totalBytes > first.byteLength, why: null };
  if (first.byteLength === 0 || coding === "" || coding === "identity")
    return decodedBody(first, body, fields);
  const format = CODINGS[coding];
  if (format === undefined) return { ...body, text: null, why: "encoded" };
  const plain = await decompressed(first, format);
  return plain === null
    ? { ...body, text: null, why: "encoded" }
    : decodedBody(plain.bytes, { ...body, isCut: body.isCut || plain.isCut }, fields);
}

function decodedBody(
  bytes: Uint8Array,
  body: Pick<CapturedBody, "bytes" | "isCut"> & { why: null },
  fields: readonly Field[],
): CapturedBody {
  const text = decodedText(bytes, valueOf(fields, "content-type"));
  return text === null ? { ...body, text: null, why: "binary" } : { ...body, text };
}

/** Null: it is not text. Secrets cannot be found in it, so it is not kept. */
function decodedText(bytes: Uint8Array, contentType: string): string | null {
  const charset = /charset="?([\w-]{1,40})/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    // `stream`: the last character may be cut.
    const text = new TextDecoder(charset, { fatal: true, ignoreBOM: false }).decode(bytes, { stream: true });
    // NUL is valid UTF-8, but text does not contain it.
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** Decompresses only as much as may be kept, because a small body may expand to gigabytes. Null: the content does not match its coding. */
async function decompressed(
  bytes: Uint8Array,
  format: Format,
): Promise<{ bytes: Uint8Array; isCut: boolean } | null> {
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  // A cut body ends with an error, after everything that could be read.
  void writer.write(bytes).catch(() => {});
  void writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const plain = new Uint8Array(MAX_CAPTURED_BODY_BYTES);
  let at = 0;
  let isCut = true;
  try {
    while (at < plain.byteLength) {
      const { done, value } = await reader.read();
      if (done) {
        isCut = false;
        break;
      }
      const piece = value.subarray(0, plain.byteLength - at);
      plain.set(piece, at);
      at += piece.byteLength;
    }
  } catch {
    if (at === 0) return null;
  }
  void reader.cancel().catch(() => {});
  return { bytes: plain.subarray(0, at), isCut };
}
