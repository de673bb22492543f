import { dirname } from "node:path";
import type { SourceFile } from "./source-tree.ts";

/**
 * The folders that ship. Tests, benchmarks and scripts are read only by the people who change them, and nothing imports
 * them.
 */
const PRODUCT = /^(?:bin|cli|connector|dashboard|kit|shared|worker)\//;
/** A folder with more source files than this is a "room" and needs an `index.ts`, its "door". */
const MAX_FILES_WITHOUT_DOOR = 5;
/** The least number of lines of an `index.ts`'s head comment, including the comment's first and last line. */
const MIN_HEAD_LINES = 7;

/** The platform treats each export of it as an entrypoint. Other code imports from the files of `worker/` directly. */
const ENTRANCES_OF_THE_PLATFORM: ReadonlySet<string> = new Set(["worker/index.ts"]);

/** Exceptions, with reasons. */
const BESIDE_DOORS: readonly { from: string; into: string }[] = [
  // Tests and benchmarks look at single parts of a room.
  { from: "test/", into: "" },
  { from: "bench/", into: "" },
  // A gateway's bundle has to stay small, and its types may only name what is in the package.
  { from: "kit/gateway/", into: "shared/" },
  // These run in Node. A whole room of the relay compiles only with the types of Workers, but some of its files compile
  // without them.
  { from: "kit/", into: "worker/" },
  { from: "scripts/", into: "worker/" },
];

/** Finds imports that bypass the `index.ts` of a room. Only files inside a room may import its other files directly. */
export function besideDoors(files: readonly SourceFile[]): string[] {
  const rooms = new Set(
    files
      .filter(({ path }) => isDoor(path) && !ENTRANCES_OF_THE_PLATFORM.has(path))
      .map(({ path }) => dirname(path)),
  );
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((target) => rooms.has(dirname(target)) && !isDoor(target))
      .filter((target) => !`${dirname(path)}/`.startsWith(`${dirname(target)}/`))
      .filter(
        (target) => !BESIDE_DOORS.some(({ from, into }) => path.startsWith(from) && target.startsWith(into)),
      )
      .map((target) => `${path} imports ${target}: take it from ${dirname(target)}/index.ts`),
  );
}

/**
 * Finds rooms without an `index.ts`, or with one whose head does not say what the room is for, where to begin, and which
 * page or decision it is based on.
 */
export function poorDoors(files: readonly SourceFile[]): string[] {
  const rooms = new Map<string, SourceFile[]>();
  for (const file of files) {
    if (!PRODUCT.test(file.path)) continue;
    rooms.set(dirname(file.path), [...(rooms.get(dirname(file.path)) ?? []), file]);
  }
  return [...rooms].flatMap(([folder, inside]) => {
    const door = inside.find(({ path }) => isDoor(path));
    const own = inside.filter((file) => file !== door);
    if (own.length <= MAX_FILES_WITHOUT_DOOR) return [];
    if (door === undefined) {
      return [`${folder} has ${own.length} files and no index.ts, which exports what others use of it`];
    }
    return whatHeadLacks(door, files).map((lack) => `${door.path}: its comment at the top ${lack}`);
  });
}

function whatHeadLacks({ path, head }: SourceFile, files: readonly SourceFile[]): string[] {
  const [, begin = ""] = /Begin with ([^.]*`[^`]+`)/.exec(head) ?? [];
  const [, first = ""] = /`([^`]+)`/.exec(begin) ?? [];
  const lacks: string[] = [];
  if (head.split("\n").length < MIN_HEAD_LINES) {
    lacks.push("is too short to say what the room is for, and what holds in it");
  }
  if (!files.some((file) => file.path === `${dirname(path)}/${first}`)) {
    lacks.push('does not say "Begin with `…`", a file of the room');
  }
  if (!/decisions? \d{4}|docs\/[\w/-]+\.md/i.test(head)) lacks.push("names no decision and no page");
  return lacks;
}

function isDoor(path: string): boolean {
  return PRODUCT.test(path) && path.endsWith("/index.ts");
}
