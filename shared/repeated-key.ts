const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g;

/**
 * The first key that appears twice in one object of this text, with the line of its second place; null: none does.
 * `JSON.parse` silently keeps the last one. The text must be valid JSON.
 */
export function repeatedKey(text: string): { key: string; line: number } | null {
  /** Of each object that is open, its keys; null for a list. */
  const open: (Set<string> | null)[] = [];
  let line = 1;
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "\n") {
      line++;
      continue;
    }
    const keys = open.at(-1);
    if (token === ":" && keys) {
      const key = JSON.parse(last) as string;
      if (keys.has(key)) return { key, line };
      keys.add(key);
    }
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    last = token;
  }
  return null;
}
