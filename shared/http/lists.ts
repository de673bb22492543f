/*
 * Blanks and lists in field values. A peer may send a value of 32 KiB, and each function here reads a value once. A regular expression
 * such as `/[ \t]+$/` begins anew at each blank: it would take seconds, in which nobody else is served.
 */

const TAB = 0x09;
const SP = 0x20;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Without spaces and tabs at both ends (OWS of RFC 9110 §5.6.3). */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The members of a list as they are written, without empty ones. Quoted text may contain commas. Null: a quote is left open. */
export function listMembers(value: string): string[] | null {
  const members: string[] = [];
  let start = 0;
  let isQuoted = false;
  const take = (end: number): void => {
    const member = value.slice(start, end);
    if (trimBlanks(member) !== "") members.push(member);
    start = end + 1;
  };
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (code === BACKSLASH && isQuoted) at++;
    else if (code === COMMA && !isQuoted) take(at);
  }
  take(value.length);
  return isQuoted ? null : members;
}

function isBlank(code: number): boolean {
  return code === SP || code === TAB;
}
