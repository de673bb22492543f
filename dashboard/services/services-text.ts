import { type Problem, problemsOf } from "../../shared/problems.ts";
import { type ServicesFile, servicesFileSchema } from "../../shared/services/index.ts";
import { jsonLines, lineOf } from "./json-lines.ts";

/** The line of the problem, and the rule that it is in. */
export interface LocatedProblem extends Problem {
  line: number | null;
  /** The service's name, or the network's first host; null for problems outside of both. */
  subject: string | null;
}

export type ParsedServices = { file: ServicesFile } | { problems: readonly LocatedProblem[] };

/** Checks the text with the relay's own rules before it is sent. */
export function parseServices(text: string): ParsedServices {
  const { lines, faultLine } = jsonLines(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const message = `is not JSON: ${thrown instanceof Error ? thrown.message : ""}`;
    return { problems: [{ path: "", message, line: faultLine, subject: null }] };
  }
  const result = servicesFileSchema.safeParse(value);
  if (result.success) return { file: result.data };
  const problems = problemsOf(result.error).map((problem) => ({
    ...problem,
    line: lineOf(lines, problem.path),
    subject: subjectOf(value, problem.path),
  }));
  return { problems };
}

export function servicesText(file: unknown): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

function subjectOf(value: unknown, path: string): string | null {
  const [, list = "", index = ""] = /^(services|networks)\[(\d+)\]/.exec(path) ?? [];
  const rules = (value as Record<string, unknown> | null)?.[list];
  const rule: unknown = Array.isArray(rules) ? rules[Number(index)] : null;
  if (typeof rule !== "object" || rule === null) return null;
  const { name, hosts } = rule as { name?: unknown; hosts?: unknown };
  const subject: unknown = list === "services" ? name : Array.isArray(hosts) ? hosts[0] : null;
  return typeof subject === "string" && subject !== "" ? subject : null;
}
