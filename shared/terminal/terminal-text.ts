/**
 * What a terminal may act upon, or show in another order than it was written: C0 and C1 (so ESC and CSI), DEL, line and
 * paragraph separators, and the marks of bidirectional text.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from afar as one may show it within a line: a terminal must not obey what it holds. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, "?");
}

/** The same for a text of several lines, which our own code has put together. */
export function terminalLines(text: string): string {
  return text.split("\n").map(terminalText).join("\n");
}

/** JSON means the same with these characters escaped; `JSON.stringify` leaves those from U+007F on as they are. */
export function terminalJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
