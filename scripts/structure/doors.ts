import { dirname } from "node:path";
import type { SourceFile } from "./source-tree.ts";

/** What is shipped. Tests, measurements and scripts are read by who changes them, and nothing else imports them. */
const PRODUCT = /^(?:bin|cli|connector|dashboard|kit|shared|worker)\//;
/** A folder of more source files than these is a room: it has a door. */
const MAX_FILES_WITHOUT_DOOR = 5;
/** What a door's head says of its room takes at least so many lines, the comment's own two included. */
const MIN_HEAD_LINES = 7;

/** The platform reads each export of it as an entrance. Whoever else needs something of `worker/` takes it from its file. */
const ENTRANCES_OF_THE_PLATFORM: ReadonlySet<string> = new Set(["worker/index.ts"]);

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

/** Rooms whose door is missing, or says too little: what the room is for, where to begin, and what it rests on. */
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
