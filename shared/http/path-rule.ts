/** Paths that a caller may ask for: prefixes of whole segments. Null: every path. */
export type PathRule = readonly string[] | null;

export type PathVerdict = "allowed" | "denied" | "ambiguous";

/** Two readings of one path: as written, with its percent-encoding undone, or undone once more by a careless upstream. */
const DECODINGS = 2;

/** What is matched is a canonical copy; what is forwarded are the bytes as they came. */
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
  return segmentsOf(path).some(isDots) ? null : path;
}

/** Could this path, put behind an endpoint's own, lead out from under it in the eyes of some upstream? */
export function climbs(rawPath: string): boolean {
  let [path = ""] = rawPath.split("?", 1);
  for (let decoding = 0; decoding <= DECODINGS; decoding++) {
    if (segmentsOf(path).includes("..")) return true;
    path = path.replace(/%(2e|2f|5c|3b|25)/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return false;
}

/** Without parameters: some upstreams read `..;x` as `..`. */
function segmentsOf(path: string): string[] {
  return path.split(/[/\\]/).map((segment) => segment.replace(/;.*$/s, ""));
}

function isDots(segment: string): boolean {
  return segment === "." || segment === "..";
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
