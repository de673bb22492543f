import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** Folders that tools write to. */
const IGNORED = new Set(["node_modules", ".wrangler", ".git", "dist", "coverage", ".culvert"]);
/** Waits this long after a change, because an editor writes a file in several steps. */
const SETTLED_MS = 100;
/** A larger tree is not a gateway's. Each watched folder costs a handle. */
const MAX_FOLDERS = 2_000;

/**
 * Calls back once for each burst of changes. Returns a function that stops watching. Watches each folder separately,
 * because Node's recursive watch on Linux loses a file after an editor has replaced it.
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
        // A new folder, perhaps.
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
      // A file, or a folder that is gone again.
      unwatch(folder);
    }
  };
  roots.forEach(add);
  return () => {
    clearTimeout(timer);
    for (const folder of watchers.keys()) unwatch(folder);
  };
}
