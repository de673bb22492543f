import { dirname } from "node:path";
import type { SourceFile } from "./source-tree.ts";

/** A door exports more than these may afford: a gateway's bundle has to stay small. */
const BESIDE_DOORS = ["kit/gateway/"];

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
