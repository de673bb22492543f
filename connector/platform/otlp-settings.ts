/** Where spans go. */
export interface OtlpSettings {
  /** Where they are posted to, over http or https. */
  url: string;
  /** May hold a secret: never logged. */
  headers: Readonly<Record<string, string>>;
  /** The traced share of requests without a trace context: 0 to 1. */
  rootShare: number;
}

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\x20-\x7e]*$/;

/** `http(s)://host[:port][/path]` as the URL of its traces; null for anything else. */
export function parseOtlpEndpoint(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return null;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return null;
  return `${url.href.replace(/\/$/, "")}/v1/traces`;
}

/** `name=value,name=value` with percent-encoded values, as OTEL_EXPORTER_OTLP_HEADERS has it; null if it is not. */
export function parseOtlpHeaders(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {};
  for (const part of text.split(",")) {
    if (part.trim() === "") continue;
    const [name = "", ...rest] = part.split("=");
    const value = decoded(rest.join("=").trim());
    if (rest.length === 0 || value === null) return null;
    headers[name.trim()] = value;
  }
  return areFields(headers) ? headers : null;
}

export function areFields(headers: Readonly<Record<string, string>>): boolean {
  return Object.entries(headers).every(([name, value]) => FIELD_NAME.test(name) && FIELD_VALUE.test(value));
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
