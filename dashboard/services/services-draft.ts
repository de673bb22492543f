/** A services file in the editor: JSON, but perhaps not valid yet. */
export interface Draft {
  services: readonly DraftRule[];
  networks: readonly DraftRule[];
}

export type DraftRule = Readonly<Record<string, unknown>>;
export type RuleList = keyof Draft;

/** Null if the form cannot show it. Then it can only be repaired in the text. */
export function draftOf(text: string): Draft | null {
  try {
    const value = JSON.parse(text) as { services?: unknown; networks?: unknown } | null;
    const { services, networks = [] } = value ?? {};
    return areRules(services) && areRules(networks) ? { services, networks } : null;
  } catch {
    return null;
  }
}

/**
 * The text with one rule replaced. Null removes the rule, an index after the last adds one. Fields that the form does not
 * know are kept.
 */
export function withRule(text: string, list: RuleList, index: number, rule: DraftRule | null): string {
  const value = JSON.parse(text) as Record<RuleList, DraftRule[] | undefined>;
  const rules = [...(value[list] ?? [])];
  rules.splice(index, 1, ...(rule === null ? [] : [rule]));
  return `${JSON.stringify({ ...value, [list]: rules }, null, 2)}\n`;
}

export interface DraftAccess {
  project: string;
  environments: readonly string[];
}

export function accessOf({ configurations }: DraftRule): DraftAccess[] {
  if (!Array.isArray(configurations)) return [];
  return configurations.map((access: unknown) => {
    const { project, accessibleBy } = (access ?? {}) as { project?: unknown; accessibleBy?: unknown };
    const environments = [accessibleBy].flat().filter((one) => typeof one === "string");
    return { project: textOf(project), environments };
  });
}

/** The same for one access entry of a rule. */
export function withAccess(rule: DraftRule, index: number, access: DraftAccess | null): DraftRule {
  const configurations = Array.isArray(rule["configurations"])
    ? [...(rule["configurations"] as unknown[])]
    : [];
  const before = configurations[index];
  configurations.splice(index, 1, ...(access === null ? [] : [written(before, access)]));
  return { ...rule, configurations };
}

function written(before: unknown, { project, environments }: DraftAccess): object {
  const [first] = environments;
  const accessibleBy = environments.length === 1 ? first : environments;
  return { ...(typeof before === "object" ? before : {}), project, accessibleBy };
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** `production, preview` */
export function listOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function areRules(value: unknown): value is DraftRule[] {
  return Array.isArray(value) && value.every((rule) => typeof rule === "object" && rule !== null);
}
