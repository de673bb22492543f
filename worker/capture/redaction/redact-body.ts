import { redactJson } from "./redact-json.ts";
import { redactForm } from "./redact-url.ts";
import { REDACTED, type Redactor } from "./redactor.ts";
import { isSecretName } from "./secret-name.ts";

/** By its type, or by what it looks like: a type may be missing or wrong. */
export function redactBody(text: string, contentType: string, redactor: Redactor): string {
  const type = contentType.toLowerCase();
  if (type.includes("multipart/")) return redactMultipart(text, contentType, redactor);
  if (type.includes("x-www-form-urlencoded")) return redactor.text(redactForm(text, redactor));
  if (type.includes("json") || /^\s*[[{]/.test(text)) return redactor.text(redactJson(text, redactor));
  if (type === "" && /^[\w.%[\]+-]{1,100}=/.test(text)) return redactor.text(redactForm(text, redactor));
  return redactor.text(text);
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
