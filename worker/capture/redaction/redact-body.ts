import { redactJson } from "./redact-json.ts";
import { redactForm } from "./redact-url.ts";
import { REDACTED, type Redactor } from "./redactor.ts";
import { isSecretName } from "./secret-name.ts";

/** Of JSON in a string of JSON. */
const MAX_DEPTH = 3;

/** By its type, or by what it looks like: a type may be missing or wrong. */
export function redactBody(text: string, contentType: string, redactor: Redactor): string {
  const type = contentType.toLowerCase();
  learnEscaped(text, redactor);
  if (type.includes("multipart/")) return redactMultipart(text, contentType, redactor);
  if (type.includes("x-www-form-urlencoded")) return redactor.text(redactForm(text, redactor));
  if (type.includes("json") || /^\s*[[{]/.test(text)) return redactor.text(redactJson(text, redactor));
  if (type === "" && /^[\w.%[\]+-]{1,100}=/.test(text)) return redactor.text(redactForm(text, redactor));
  return redactor.text(redactEmbedded(text, redactor));
}

/** JSON behind whatever stands before it, such as a line of a log. */
function redactEmbedded(text: string, redactor: Redactor): string {
  const startAt = text.search(/[[{]/);
  return startAt === -1 ? text : text.slice(0, startAt) + redactJson(text.slice(startAt), redactor);
}

/** JSON within strings whose beginning is not known: its secrets are found here, and taken out of the text by `again`. */
function learnEscaped(text: string, redactor: Redactor): void {
  let plain = text;
  for (let depth = 0; depth < MAX_DEPTH && /\\["\\]/.test(plain); depth++) {
    plain = plain.replace(/\\(["\\])/g, "$1");
    redactEmbedded(plain, redactor);
  }
}

/** A part may be cut, and so may be the head of the last one. */
function redactMultipart(text: string, contentType: string, redactor: Redactor): string {
  const [, quoted, plain] = /boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? /^--([^\r\n]{1,200})/.exec(text)?.[1];
  if (boundary === undefined) return redactor.text(text);
  return text
    .split(`--${boundary}`)
    .map((part) => redactPart(part, redactor))
    .join(`--${boundary}`);
}

function redactPart(part: string, redactor: Redactor): string {
  const bodyAt = /\r?\n\r?\n/.exec(part);
  if (bodyAt === null) return redactor.text(part);
  const head = part.slice(0, bodyAt.index);
  const body = part.slice(bodyAt.index + bodyAt[0].length);
  const [, name = "", bare = ""] = /[;\s]name=(?:"([^"]*)"|([^\s;]+))/i.exec(head) ?? [];
  if (isSecretName(name || bare)) {
    redactor.hide(body);
    return `${redactor.text(head)}${bodyAt[0]}${REDACTED}\r\n`;
  }
  const type = /content-type:\s*([^\r\n]{1,200})/i.exec(head)?.[1] ?? "text/plain";
  return redactor.text(head) + bodyAt[0] + redactBody(body, type, redactor);
}
