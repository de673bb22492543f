import { dirname } from "node:path";
import type { SourceFile } from "./source-tree.ts";

/**
 * These may pass a door by. A gateway's bundle has to stay small, and its types must name only what the package has. Tests and
 * measurements look at one part of a room, which others have no business with.
 */
const BESIDE_DOORS = ["kit/gateway/", "test/", "bench/"];

/** Imports that pass a room's door by. A room with an `index.ts` is entered by it, but for what stands inside the room. */
export function besideDoors(files: readonly SourceFile[]): string[] {
  const rooms = new Set(
    files
      .filter(({ path }) => /^(?:shared|connector)\/.*\/index\.ts$/.test(path))
      .map(({ path }) => dirname(path)),
  );
  return files.flatMap(({ path, imports }) => {
    if (BESIDE_DOORS.some((folder) => path.startsWith(folder))) return [];
    return imports
      .filter((target) => rooms.has(dirname(target)) && !target.endsWith("/index.ts"))
      .filter((target) => !`${dirname(path)}/`.startsWith(`${dirname(target)}/`))
      .map((target) => `${path} imports ${target}: take it from ${dirname(target)}/index.ts`);
  });
}
