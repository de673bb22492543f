/**
 * Characters that a terminal may act upon or use to reorder text: C0 and C1 (so ESC and CSI), DEL, line and
 * paragraph separators, and the marks of bidirectional text.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from another machine, made safe to show within a line: the terminal must not act on it. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, "?");
}

/** The same for a text of several lines that our own code has assembled. */
export function terminalLines(text: string): string {
  return text.split("\n").map(terminalText).join("\n");
}

/** JSON means the same with these characters escaped; `JSON.stringify` leaves those from U+007F on as they are. */
export function terminalJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
