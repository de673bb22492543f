import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** Written by tools, not by people. */
const IGNORED = new Set(["node_modules", ".wrangler", ".git", "dist", "coverage", ".culvert"]);
/** An editor writes a file in several steps. */
const SETTLED_MS = 100;
/** A folder this large is no gateway's; each watched folder costs a handle. */
const MAX_FOLDERS = 2_000;

/**
 * Calls back once for each bout of changes; gives what ends it. Each folder is watched by itself: Node's recursive watch
 * loses sight of a file on Linux once an editor has replaced it.
 */
export function watchFolders(roots: readonly string[], onChange: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const unwatch = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const add = (folder: string): void => {
    if (watchers.has(folder) || watchers.size >= MAX_FOLDERS) return;
    try {
      const watcher = watch(folder, (event, file) => {
        if (file !== null && IGNORED.has(file)) return;
        // It may be a new folder.
        if (event === "rename" && file !== null) add(join(folder, file));
        clearTimeout(timer);
        timer = setTimeout(onChange, SETTLED_MS);
      });
      watcher.on("error", () => unwatch(folder));
      watchers.set(folder, watcher);
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory() && !IGNORED.has(entry.name)) add(join(folder, entry.name));
      }
    } catch {
      // A file, or gone again.
      unwatch(folder);
    }
  };
  roots.forEach(add);
  return () => {
    clearTimeout(timer);
    for (const folder of watchers.keys()) unwatch(folder);
  };
}
