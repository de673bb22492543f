import * as z from "zod";
import { SETTING_RANGES, settingsSchema, SETTINGS } from "../../connector/settings/index.ts";
import {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_RESPONSE_TIMEOUT_MS,
  DEFAULT_STALL_TIMEOUT_MS,
  DEFAULT_TCP_IDLE_TIMEOUT_MS,
} from "../../shared/protocol/index.ts";
import { DEFAULT_CONNECTOR_WAIT_MS, servicesFileSchema, defaultCheck } from "../../shared/services/index.ts";
import { amount, unitOf } from "./units.ts";

/** A row of the page: the setting, its range, and its default. */
export type Row = readonly [name: string, range: string, standard: string];

const CHECK = defaultCheck("any", "http://any", null);

/** Defaults of a service that does not set a value. */
const SERVICE_DEFAULTS: Readonly<Record<string, string>> = {
  connectTimeoutMs: `${amount(DEFAULT_CONNECT_TIMEOUT_MS, "ms")}, or the connector's \`connectTimeout\``,
  responseTimeoutMs: `${amount(DEFAULT_RESPONSE_TIMEOUT_MS, "ms")}, or the connector's \`responseTimeout\``,
  stallTimeoutMs: `the connector's \`TUNNEL_STALL_TIMEOUT\`: ${amount(DEFAULT_STALL_TIMEOUT_MS, "ms")}`,
  connectorWaitMs: amount(DEFAULT_CONNECTOR_WAIT_MS, "ms"),
  maxBodyBytes: "no limit",
  idleTimeoutMs: amount(DEFAULT_TCP_IDLE_TIMEOUT_MS, "ms"),
  maxConnections: "no limit but the connector's streams",
  intervalSeconds: amount(CHECK.intervalSeconds, "s"),
  timeoutSeconds: amount(CHECK.timeoutSeconds, "s"),
  healthyThreshold: amount(CHECK.healthyThreshold, "count"),
  unhealthyThreshold: amount(CHECK.unhealthyThreshold, "count"),
};

interface JsonSchema {
  type?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  minItems?: number;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
}

/** All ranges in the services file, in its order. */
export function servicesFileRows(): Row[] {
  const schema = z.toJSONSchema(servicesFileSchema, { io: "input" }) as JsonSchema;
  return boundsOf(schema, "");
}

function boundsOf(schema: JsonSchema, path: string): Row[] {
  const rows: Row[] = [];
  const key = /[^.]*$/.exec(path)?.[0] ?? "";
  const row = (range: string): void => void rows.push([`\`${path}\``, range, SERVICE_DEFAULTS[key] ?? "–"]);
  if (schema.type === "integer") {
    const unit = unitOf(key);
    const { minimum = 0, maximum = 0 } = schema;
    row(
      maximum === Number.MAX_SAFE_INTEGER ? `from ${amount(minimum, unit)}` : between(minimum, maximum, unit),
    );
  }
  if (schema.maxLength !== undefined) row(`at most ${amount(schema.maxLength, "characters")}`);
  if (schema.maxItems !== undefined) row(`at most ${amount(schema.maxItems, "count")}`);
  for (const inner of schema.anyOf ?? []) rows.push(...boundsOf(inner, path));
  if (schema.items !== undefined) rows.push(...boundsOf(schema.items, `${path}[]`));
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    rows.push(...boundsOf(inner, path === "" ? name : `${path}.${name}`));
  }
  return rows;
}

/** The connector's settings that have a range. */
export function connectorRows(): Row[] {
  const { shape } = settingsSchema(() => "");
  return Object.entries(shape).flatMap(([name, schema]): Row[] => {
    const { env } = SETTINGS[name as keyof typeof SETTINGS];
    return rangeRow(`\`${name}\`, \`${env}\``, schema);
  });
}

/** The settings of one upstream that have a range. */
export function upstreamRows(): Row[] {
  const upstream = innermost(settingsSchema(() => "").shape.upstreams);
  if (!(upstream instanceof z.ZodObject)) throw new Error("the settings of an upstream are no object");
  return Object.entries(upstream.shape as Record<string, z.core.$ZodType>).flatMap(([name, schema]) =>
    rangeRow(`\`${name}\``, schema),
  );
}

function rangeRow(name: string, schema: z.core.$ZodType): Row[] {
  const [range, standard] = rangeOf(schema);
  if (range === null) return [];
  const unit = range.isDuration ? "ms" : "count";
  const shown = typeof standard === "number" ? amount(standard, unit) : "–";
  return [[name, between(range.min, range.max, unit), shown]];
}

/** The range that is registered for a schema or for one inside it, and its default. */
function rangeOf(
  schema: z.core.$ZodType,
): [range: { min: number; max: number; isDuration: boolean } | null, standard: unknown] {
  const range = SETTING_RANGES.get(schema);
  if (range !== undefined) return [range, undefined];
  if (schema instanceof z.ZodDefault) return [rangeOf(schema.def.innerType)[0], schema.def.defaultValue];
  if (schema instanceof z.ZodOptional) return rangeOf(schema.def.innerType);
  return [null, undefined];
}

function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return innermost(schema.def.in);
  if (schema instanceof z.ZodDefault) return innermost(schema.def.innerType);
  return schema instanceof z.ZodRecord ? innermost(schema.def.valueType) : schema;
}

function between(
  min: number,
  max: number,
  unit: "ms" | "count" | "bytes" | "s" | "characters" | "share",
): string {
  return `${amount(min, unit)} to ${amount(max, unit)}`;
}
