import * as z from "zod";
import type { Problem } from "../problems.ts";

/** A destination as JSON, in bytes. */
export const MAX_LOG_DESTINATION_BYTES = 32 * 1024;

/** Set by the relay itself or by the HTTP client. */
const RESERVED_HEADERS =
  /^(?:host|content-.*|transfer-encoding|connection|upgrade|te|trailer|keep-alive|expect|proxy-.*|sec-.*|cf-.*)$/;

export const headersSchema = z
  .record(
    z
      .string()
      .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/i, "must be a header's name")
      .refine((name) => !RESERVED_HEADERS.test(name.toLowerCase()), "is set by the relay"),
    z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/, "must be a header's value"),
  )
  .refine((headers) => Object.keys(headers).length <= 20, "may have 20 entries")
  .describe("Sent with each request; the values are never shown again");

const secretSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,4096}$/, "must be printable and without spaces")
  .describe("Never shown again");

const shortText = (what: string) =>
  z.string().regex(/^[\x20-\x7e]{1,128}$/, `must be ${what}: 1 to 128 printable characters`);

/** The name of a log destination or of a webhook for alerts. */
export const receiverNameSchema = z
  .string()
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}._-])?$/u,
    "must be 1 to 64 letters, digits, spaces and . _ -",
  );

/** A URL to which the relay sends by itself. */
export const receiverUrlSchema = z
  .string()
  .max(2048)
  .refine(
    isDestinationUrl,
    "must be an https URL without credentials, query and fragment; http only to this machine",
  );

const common = {
  name: receiverNameSchema,
  url: receiverUrlSchema,
  events: z
    .enum(["all", "failures"])
    .default("all")
    .describe("`failures`: what was refused, failed or broke off, and answers of 5xx"),
  headers: headersSchema.optional(),
};

/** A destination as a person writes it. A secret that a change leaves out stays as it is. */
export const logDestinationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("otlp"), ...common }),
  z.strictObject({
    kind: z.literal("datadog"),
    ...common,
    apiKey: secretSchema.optional(),
    tags: z
      .array(z.string().regex(/^[^\s,\p{Cc}]{1,200}$/u, "must be a tag such as team:payments"))
      .max(20)
      .optional(),
  }),
  z.strictObject({
    kind: z.literal("splunk"),
    ...common,
    token: secretSchema.optional(),
    index: shortText("an index").optional(),
  }),
  z.strictObject({
    kind: z.literal("loki"),
    ...common,
    tenant: shortText("a tenant's id").optional(),
    username: shortText("a user's name")
      .optional()
      .describe("With it `token` is the password of basic authentication"),
    token: secretSchema.optional().describe("Bearer token, or the user's password. Never shown again"),
    labels: z
      .record(
        z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/, "must be a label's name"),
        shortText("a label's value"),
      )
      .refine((labels) => Object.keys(labels).length <= 10, "may have 10 entries")
      .optional(),
  }),
  z.strictObject({ kind: z.literal("webhook"), ...common }),
]);

export type LogDestinationInput = z.infer<typeof logDestinationSchema>;
export type LogDestinationKind = LogDestinationInput["kind"];
export type LogDestination = LogDestinationInput & { id: string };
export type DestinationOf<K extends LogDestinationKind> = Extract<LogDestination, { kind: K }>;

/** The usual path of each kind of service, for URLs without a path. */
const STANDARD_PATH: Record<LogDestinationKind, string> = {
  otlp: "/v1/logs",
  datadog: "/api/v2/logs",
  splunk: "/services/collector/event",
  loki: "/loki/api/v1/push",
  webhook: "/",
};

/** The URL that the relay calls. */
export function receiverUrl({ kind, url }: LogDestinationInput): string {
  const { origin, pathname } = new URL(url);
  return origin + (pathname === "/" ? STANDARD_PATH[kind] : pathname);
}

const SECRETS = ["apiKey", "token", "headers"] as const;

/** Every secret of a destination by its path: `apiKey`, `headers.authorization`. */
export function secretsOf({ headers = {}, ...destination }: LogDestinationInput): Map<string, string> {
  const secrets = new Map<string, string>();
  if ("apiKey" in destination && destination.apiKey !== undefined) secrets.set("apiKey", destination.apiKey);
  if ("token" in destination && destination.token !== undefined) secrets.set("token", destination.token);
  for (const [name, value] of Object.entries(headers)) secrets.set(`headers.${name}`, value);
  return secrets;
}

/** The destination without its secrets, which every viewer may see. */
export function destinationWithoutSecrets(destination: LogDestinationInput) {
  const { apiKey: _, token: __, headers: ___, ...shown } = destination as LogDestinationInput & Secrets;
  return shown;
}

type Secrets = { [name in (typeof SECRETS)[number]]?: unknown };

/**
 * `input`, with the secrets that it leaves out taken from the stored destination. Never for another origin, because somebody who
 * may change a destination could then have its secrets sent to a server of their own.
 */
export function keepSecrets(
  input: LogDestinationInput,
  stored: LogDestinationInput | null,
): { destination: LogDestinationInput } | { problems: Problem[] } {
  const kept =
    stored?.kind === input.kind ? SECRETS.filter((name) => name in stored && !(name in input)) : [];
  if (stored !== null && kept.length > 0 && new URL(stored.url).origin !== new URL(input.url).origin) {
    return { problems: kept.map((path) => ({ path, message: "must be given again for another address" })) };
  }
  const secrets = Object.fromEntries(kept.map((name) => [name, (stored as Secrets)[name]]));
  const destination = { ...input, ...secrets };
  const missing = missingSecret(destination);
  if (missing !== null) return { problems: [{ path: missing, message: "is required" }] };
  return { destination };
}

function missingSecret(destination: LogDestinationInput): string | null {
  if (destination.kind === "datadog" && destination.apiKey === undefined) return "apiKey";
  if (destination.kind === "splunk" && destination.token === undefined) return "token";
  if (destination.kind !== "loki" || destination.username === undefined) return null;
  return destination.token === undefined ? "token" : null;
}

function isDestinationUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || /[?#]/.test(text) || url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
