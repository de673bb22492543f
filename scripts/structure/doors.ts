import { dirname } from "node:path";
import type { SourceFile } from "./source-tree.ts";

/** Who may pass which doors by, and why. */
const BESIDE_DOORS: readonly { from: string; into: string }[] = [
  // They look at one part of a room, which others have no business with.
  { from: "test/", into: "" },
  { from: "bench/", into: "" },
  // A gateway's bundle has to stay small, and its types must name only what the package has.
  { from: "kit/gateway/", into: "shared/" },
  // They run in Node. A room of the relay as a whole compiles only with the types of Workers, some of its files without.
  { from: "kit/", into: "worker/" },
  { from: "scripts/", into: "worker/" },
];

/** Imports that pass a room's door by. A room with an `index.ts` is entered by it, but for what stands inside the room. */
export function besideDoors(files: readonly SourceFile[]): string[] {
  const rooms = new Set(
    files
      .filter(({ path }) => /^(?:shared|connector|worker)\/.*\/index\.ts$/.test(path))
      .map(({ path }) => dirname(path)),
  );
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((target) => rooms.has(dirname(target)) && !target.endsWith("/index.ts"))
      .filter((target) => !`${dirname(path)}/`.startsWith(`${dirname(target)}/`))
      .filter(
        (target) => !BESIDE_DOORS.some(({ from, into }) => path.startsWith(from) && target.startsWith(into)),
      )
      .map((target) => `${path} imports ${target}: take it from ${dirname(target)}/index.ts`),
  );
}
