import { hasDotSegment } from "./dot-segments.ts";

/** Paths that a caller may ask for: prefixes of whole segments. Null: every path. */
export type PathRule = readonly string[] | null;

export type PathVerdict = "allowed" | "denied" | "ambiguous";

/** Matches a canonical copy of the path. The bytes that are forwarded stay unchanged. */
export function judgePath(rule: PathRule, rawPath: string): PathVerdict {
  if (rule === null) return "allowed";
  const path = canonicalPath(rawPath);
  if (path === null) return "ambiguous";
  return rule.some((prefix) => isUnder(path, prefix)) ? "allowed" : "denied";
}

/**
 * The path with its percent-encoding undone; null where upstreams disagree on what it names: dot segments, empty
 * segments, encoded or backward slashes, encoded percent signs, control characters, bad encoding.
 */
function canonicalPath(rawPath: string): string | null {
  const [written = ""] = rawPath.split("?", 1);
  const path = undoEncoding(written);
  if (path === null || /%(?:25|2f|5c)/i.test(written) || /[\\\p{Cc}]|\/\//u.test(path)) return null;
  return hasDotSegment(path) ? null : path;
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

function undoEncoding(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
