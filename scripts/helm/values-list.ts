export interface Schema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  description?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  properties?: Readonly<Record<string, Schema>>;
}

/** One list item for each value: its name, type, default and meaning. */
export function valuesList(schema: Schema, values: unknown): string {
  return itemsOf("", schema, values).join("\n");
}

function itemsOf(path: string, schema: Schema, value: unknown): string[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, child]) =>
      itemsOf(
        path === "" ? name : `${path}.${name}`,
        child,
        (value as Record<string, unknown> | undefined)?.[name],
      ),
    );
  }
  if (schema.description === undefined) throw new Error(`values.schema.json: ${path} has no description`);
  return [`- \`${path}\` (${typeOf(schema)}${standard(value)}): ${schema.description}`];
}

function typeOf({ type, enum: choices, minimum, maximum, minItems }: Schema): string {
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(", ");
  const name = typeof type === "string" ? type : (type ?? []).join(" or ");
  if (minItems !== undefined) return `${name}, at least ${minItems}`;
  if (minimum === undefined) return name;
  return maximum === undefined ? `${name}, from ${minimum}` : `${name}, ${minimum} to ${maximum}`;
}

const LONG = 40;

function standard(value: unknown): string {
  if (value === undefined) return "";
  const text = JSON.stringify(value);
  return `, default ${text.length > LONG ? "in `values.yaml`" : `\`${text}\``}`;
}
