import type * as z from "zod";

/** One mistake in what a person or a program wrote. */
export interface Problem {
  /** `services[0].configurations[1].project`; "" is the whole document. */
  path: string;
  message: string;
}

type Issue = z.core.$ZodIssue;

/** Messages of zod itself. All others are of this project. */
const OF_ZOD = /^(?:Invalid (?:input|option)\b|Too (?:small|big)\b)/;

/** What to write, in words of people who do not know zod. Types that are not listed appear under their own names. */
const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "keys with values",
  record: "keys with values",
  string: "text, in quotes",
};

/** Every problem that zod found. The wrong value itself is never included, because it might be a secret. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: "unknown key" }))
      : [
          {
            path: pathText(issue.path),
            message: OF_ZOD.test(issue.message) ? inWords(issue) : issue.message,
          },
        ],
  );
}

function inWords(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = `must be ${TYPES[issue.expected] ?? issue.expected}`;
      return issue.message.endsWith("received undefined") ? `is missing: it ${wanted}` : wanted;
    }
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${amount("at least", issue.minimum, issue.origin)}`;
    case "too_big":
      return `must ${amount("at most", issue.maximum, issue.origin)}`;
    default:
      return issue.message;
  }
}

function amount(bound: string, count: number | bigint, of: string): string {
  if (of === "array") return `have ${bound} ${count} ${Number(count) === 1 ? "entry" : "entries"}`;
  if (of === "string") return `have ${bound} ${count} ${Number(count) === 1 ? "character" : "characters"}`;
  return `be ${bound} ${count}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
