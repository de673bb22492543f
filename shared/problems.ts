import type * as z from "zod";

/** One mistake in what a person or a program wrote. */
export interface Problem {
  /** `services[0].configurations[1].project`; "" is the whole document. */
  path: string;
  message: string;
}

/** Every problem that zod found. The wrong value itself is never included, because it might be a secret. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: "unknown key" }))
      : [{ path: pathText(issue.path), message: issue.message }],
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
