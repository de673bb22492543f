import type { CapturedField } from "../../../shared/capture/captured-request.ts";
import type { Field } from "../../../shared/http/index.ts";
import { REDACTED, type Redactor } from "./redactor.ts";
import { isSecretName } from "./secret-name.ts";

/** The scheme stays, because it says how somebody signed in, but not with which secret. */
const SCHEME = /^(basic|bearer|digest|negotiate|ntlm|hawk|token|apikey|aws4-hmac-sha256)[ \t]+(?=\S)/i;
/** Shorter values, such as `dark`, may be ordinary words, so they are not searched for elsewhere. */
const MIN_COOKIE_LENGTH = 12;
const MIN_SUBPROTOCOL_TOKEN_LENGTH = 32;

export function redactFields(fields: readonly Field[], redactor: Redactor): CapturedField[] {
  return fields.map(([name, value]) => [name, redactValue(name, value, redactor)] as const);
}

function redactValue(name: string, value: string, redactor: Redactor): string {
  switch (name) {
    case "cookie":
      return value
        .split(";")
        .map((pair) => redactCookie(pair, redactor))
        .join(";");
    case "set-cookie": {
      const [pair = "", ...attributes] = value.split(";");
      return [redactCookie(pair, redactor), ...attributes].join(";");
    }
    case "sec-websocket-protocol":
      // Browsers can send a token nowhere else.
      return value
        .split(",")
        .map((member) =>
          member.trim().length < MIN_SUBPROTOCOL_TOKEN_LENGTH ? member : redactor.hide(member),
        )
        .join(",");
  }
  if (!isSecretName(name)) return redactor.text(value);
  const scheme = SCHEME.exec(value)?.[0] ?? "";
  const secret = value.slice(scheme.length);
  if (/^basic/i.test(scheme)) redactor.hide(passwordOf(secret));
  redactor.hide(secret);
  return scheme + REDACTED;
}

/** A cookie's name stays, because that is often what matters. */
function redactCookie(pair: string, redactor: Redactor): string {
  const equalsAt = pair.indexOf("=");
  const value = pair.slice(equalsAt + 1);
  if (value.trim().length >= MIN_COOKIE_LENGTH) redactor.hide(value);
  return equalsAt === -1 ? REDACTED : `${redactor.text(pair.slice(0, equalsAt))}=${REDACTED}`;
}

function passwordOf(credentials: string): string {
  try {
    return atob(credentials.trim()).replace(/^[^:]*:/, "");
  } catch {
    return "";
  }
}
