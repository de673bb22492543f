import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import digests from "./node-digests.json" with { type: "json" };

/**
 * Throws unless this file is the Node binary whose digest is in node-digests.json. The package `node` downloads it in an
 * install script, which the lock file does not cover. So the binary is checked where it becomes part of the executable.
 */
export async function checkPinnedNode(
  path: string,
  platform = `${process.platform}-${process.arch}`,
): Promise<void> {
  const expected = new Map<string, string>(Object.entries(digests.sha256)).get(platform);
  const actual = await sha256Of(path);
  if (actual === expected) return;
  const known = expected === undefined ? `none is known for ${platform}` : `it must be ${expected}`;
  throw new Error(
    `SHA-256 of ${path} is ${actual}, and ${known} (Node ${digests.version}, scripts/node-digests.json)`,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
