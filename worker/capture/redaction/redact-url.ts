import { redactJson } from "./redact-json.ts";
import { decoded, REDACTED, type Redactor } from "./redactor.ts";
import { isSecretName } from "./secret-name.ts";

/** Of these a part of a path is one more likely than not: `/reset-password/9f8a7c66…`. */
const OPAQUE = /^(?=.*\d)[\w.~+=-]{8,}$|^[\w.~+=-]{20,}$/;

/** Path with its query. */
export function redactPath(path: string, redactor: Redactor): string {
  const queryAt = path.indexOf("?");
  if (queryAt === -1) return redactSegments(path, redactor);
  return `${redactSegments(path.slice(0, queryAt), redactor)}?${redactForm(path.slice(queryAt + 1), redactor)}`;
}

function redactSegments(path: string, redactor: Redactor): string {
  let before = "";
  return path
    .split("/")
    .map((segment) => {
      const plain = decoded(segment);
      const isSecret = isSecretName(before) && OPAQUE.test(plain);
      before = plain;
      if (isSecret) return redactor.hide(plain);
      const clean = redactor.text(plain);
      return clean === plain ? segment : escaped(clean);
    })
    .join("/");
}

/** `name=value&name=value`: of a query, or of a form. */
export function redactForm(form: string, redactor: Redactor): string {
  return form
    .split(/([&;])/)
    .map((part) => (part === "&" || part === ";" ? part : redactPair(part, redactor)))
    .join("");
}

function redactPair(pair: string, redactor: Redactor): string {
  if (pair === "") return "";
  const equalsAt = pair.indexOf("=");
  const name = equalsAt === -1 ? "" : pair.slice(0, equalsAt);
  const value = pair.slice(equalsAt + 1);
  const plainName = parameterText(name);
  const plain = parameterText(value);
  const start = equalsAt === -1 ? "" : `${escapedIfChanged(name, redactor)}=`;
  if (isSecretName(plainName) || plainName.toLowerCase() === "code") {
    if (value === "") return start;
    redactor.hide(value);
    return start + redactor.hide(plain);
  }
  const clean = /^\s*[[{]/.test(plain) ? redactJson(plain, redactor) : redactor.text(plain);
  return clean === plain ? start + value : start + escaped(clean);
}

function escapedIfChanged(name: string, redactor: Redactor): string {
  const plain = parameterText(name);
  const clean = redactor.text(plain);
  return clean === plain ? name : escaped(clean);
}

function parameterText(text: string): string {
  return decoded(text.replaceAll("+", " "));
}

/** Readable, and still one parameter. */
function escaped(text: string): string {
  return text
    .split(REDACTED)
    .map((part) =>
      part.replace(/[^\w.~!$'()*,:@/-]/gu, (char) =>
        char.isWellFormed() ? encodeURIComponent(char) : "%EF%BF%BD",
      ),
    )
    .join(REDACTED);
}
