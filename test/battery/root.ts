import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { contentOf } from "../chaos/content.ts";

/** Sizes of files: empty, one byte, near the sizes of buffers and windows, and some random ones. */
export const FILE_SIZES = [
  0, 1, 2, 100, 1_000, 1_460, 4_095, 4_096, 4_097, 8_192, 16_383, 16_384, 16_385, 20_000, 32_768, 50_000,
  65_535, 65_536, 65_537, 100_000, 131_072, 200_000, 262_144, 300_000,
] as const;

const PATTERN_BYTES = 1_500_000;
/** The modification time of all files. It is fixed, so that answers that contain it never change. */
const CHANGED = new Date("2025-06-01T12:00:00Z");

export interface Root {
  directory: string;
  pattern: Buffer;
  /** By their name under /files/. */
  files: ReadonlyMap<string, Buffer>;
}

/** Writes files for servers, and keeps their bytes for comparison. */
export async function makeRoot(directory: string): Promise<Root> {
  const pattern = contentOf("pattern", PATTERN_BYTES);
  const files = new Map<string, Buffer>([
    ["small.txt", Buffer.from("a small text that is long enough to be worth a compression\n".repeat(10))],
    ["pattern.bin", pattern],
    ["with space.txt", Buffer.from("space")],
    ["a+b.txt", Buffer.from("plus")],
    ["100%.txt", Buffer.from("percent")],
    ["semi;colon.txt", Buffer.from("semicolon")],
    ["caf\u00e9.txt", Buffer.from("by its UTF-8 name")],
    ["sub/index.html", Buffer.from("<p>index</p>")],
    ...FILE_SIZES.map((size): [string, Buffer] => [`${size}.bin`, contentOf(`file ${size}`, size)]),
    ...[300, 3_000, 30_000, 120_000].map((size): [string, Buffer] => [`text-${size}.txt`, textOf(size)]),
  ]);
  await mkdir(join(directory, "files/sub"), { recursive: true });
  await writeFile(join(directory, "pattern.bin"), pattern);
  for (const [name, bytes] of files) {
    const path = join(directory, "files", name);
    await writeFile(path, bytes);
    await utimes(path, CHANGED, CHANGED);
  }
  // A name that is not UTF-8.
  await writeFile(Buffer.from(join(directory, "files/latin-\xe9.txt"), "latin1"), "by its Latin-1 name");
  return { directory, pattern, files };
}

/** Text that compresses about as well as prose. */
function textOf(size: number): Buffer {
  const words = contentOf(`text ${size}`, Math.ceil(size / 4));
  return Buffer.from(Array.from(words, (byte) => `w${byte % 50} `).join("")).subarray(0, size);
}
