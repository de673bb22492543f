import { dirname, join } from "node:path";
import { circles } from "./structure/circles.ts";
import { besideDoors, poorDoors } from "./structure/doors.ts";
import { isTest, type SourceFile, sourceFiles } from "./structure/source-tree.ts";

/** In a larger folder, people read file names instead of finding a file. Make a subfolder. */
const MAX_FILES_PER_FOLDER = 16;
/** docs/decisions/0055-files-past-300-lines.md says when to split a file earlier. */
const MAX_LINES_PER_FILE = 500;

const root = join(import.meta.dirname, "..");

function crowdedFolders(files: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  // An `index.ts` does not count, because it is the overview of the folder.
  const own = files.filter(({ path }) => !path.endsWith("/index.ts"));
  for (const { path } of own) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts]
    .filter(([folder, count]) => count > MAX_FILES_PER_FOLDER && !folder.startsWith("test/"))
    .map(([folder, count]) => `${folder}: ${count} files of its own, at most ${MAX_FILES_PER_FOLDER}`);
}

const files = sourceFiles(root).filter(({ path }) => !isTest(path));
const problems = [
  ...circles(files).map((group) => `these import each other in a circle: ${group.join(", ")}`),
  ...crowdedFolders(files),
  ...files
    .filter(({ path, lines }) => lines > MAX_LINES_PER_FILE && !path.startsWith("test/"))
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${MAX_LINES_PER_FILE}`),
  ...besideDoors(files),
  ...poorDoors(files),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
