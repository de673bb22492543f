/** Rounds of decoding, because a proxy, a framework and a file system may each undo one. No legitimate path needs more. */
const MAX_DECODINGS = 8;

/** What URL parsers, file systems and form decoders drop or trim: control characters, blanks, `+` for a blank. */
const JUNK =
  "\\u0000-\\u0020+\\u007f-\\u00a0\\u00ad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2064\\u3000\\ufeff";
/** Begins a parameter, or ends the path for a program that parses the decoded text again. NUL ends it in C. */
const TAIL = "\\u0000;?#:";
const DOTS = new RegExp(`^[${JUNK}]*\\.[${JUNK}.]*(?:$|[${TAIL}])`);
const ALL_JUNK = new RegExp(`[${JUNK}]+`, "g");
const FROM_TAIL = new RegExp(`[${TAIL}].*$`, "s");
const LONG_OVERLONG =
  /\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}|\xf8[\x80-\x87][\x80-\xbf]{3}|\xfc[\x80-\x83][\x80-\xbf]{4}/g;
const UTF8 = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/g;
/** Slashes that have no normal form, and those of Japanese and Korean code pages. */
const ODD_SLASHES = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9\u00a5\u20a9]/g;

const decoder = new TextDecoder();

/**
 * Could some upstream read this path, appended to an endpoint's own path, as one outside of the endpoint's? The path is checked as
 * written and after each of several rounds of decoding: as plain bytes, with overlong encodings, and as UTF-8 in which look-alikes
 * of dots and slashes count as dots and slashes.
 */
export function climbs(rawPath: string): boolean {
  const [path = ""] = rawPath.split("?", 1);
  if (!/[.%\u0080-\uffff]/.test(path)) return false;
  return [undoPercent, undoOverlong, undoLookAlikes].some((undo) => climbsRead(path, undo));
}

function climbsRead(path: string, undo: (text: string) => string): boolean {
  let text = path;
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    if (segmentsOf(text).some((segment) => dotsOf(segment) > 1)) return true;
    const undone = undo(text);
    if (undone === text) return false;
    text = undone;
  }
  return true;
}

/** Whether an upstream could read a segment as `.` or `..`, after removing ignored characters and replacing look-alikes. */
export function hasDotSegment(path: string): boolean {
  return [path, lookAlikes(path)].some((text) => segmentsOf(text).some((segment) => dotsOf(segment) > 0));
}

function segmentsOf(path: string): string[] {
  return path.split(/[/\\]/);
}

/** 1 or 2 for a segment that upstreams may read as `.` or `..`; 0 for a name, which includes three dots. */
function dotsOf(segment: string): number {
  if (!DOTS.test(segment)) return 0;
  const plain = segment.replace(ALL_JUNK, "");
  const named = [segment.replace(FROM_TAIL, "").replace(ALL_JUNK, ""), plain.replace(FROM_TAIL, "")];
  if (named.includes("..")) return 2;
  if (named.includes(".")) return 1;
  // Some upstreams trim dots together with blanks, as in `.. .`.
  return plain !== segment && /^\.+$/.test(plain) ? 2 : 0;
}

function undoPercent(text: string): string {
  return text.replace(/%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi, (_, wide?: string, byte?: string) =>
    String.fromCharCode(Number.parseInt(wide ?? byte ?? "", 16)),
  );
}

/** Decodes overlong encodings as lenient decoders do, which accept any byte after 0xC0 and 0xC1. */
function undoOverlong(text: string): string {
  return undoPercent(text)
    .replace(LONG_OVERLONG, (bytes) => {
      const code = Array.from(bytes.slice(1)).reduce(
        (bits, byte) => (bits << 6) | (byte.charCodeAt(0) & 0x3f),
        0,
      );
      return code < 0x80 ? String.fromCharCode(code) : bytes;
    })
    .replace(/([\xc0\xc1])([^])/g, (_, first: string, second: string) =>
      String.fromCharCode(((first.charCodeAt(0) & 1) << 6) | (second.charCodeAt(0) & 0x3f)),
    );
}

function undoLookAlikes(text: string): string {
  const characters = undoPercent(text).replace(UTF8, (bytes) =>
    decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))),
  );
  return lookAlikes(characters);
}

function lookAlikes(text: string): string {
  return text.normalize("NFKC").replace(ODD_SLASHES, "/");
}
