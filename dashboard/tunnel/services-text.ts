import { type Problem, problemsOf } from "../../shared/problems.ts";
import { type ServicesFile, servicesFileSchema } from "../../shared/services/services-file.ts";

export type ParsedServices = { file: ServicesFile } | { problems: readonly Problem[] };

/** The relay's own rules, before anything is sent to it. */
export function parseServices(text: string): ParsedServices {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return {
      problems: [{ path: "", message: `is not JSON: ${thrown instanceof Error ? thrown.message : ""}` }],
    };
  }
  const result = servicesFileSchema.safeParse(value);
  return result.success ? { file: result.data } : { problems: problemsOf(result.error) };
}

export function servicesText(file: ServicesFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}
