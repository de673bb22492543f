import { parseDocument, YAMLParseError, YAMLWarning } from "yaml";
import * as z from "zod";
import { logDestinationSchema } from "../../shared/events/log-destination.ts";
import { problemsOf } from "../../shared/problems.ts";
import { publicUrlSchema, callerSchema, servicesFileSchema } from "../../shared/services/index.ts";
import { CommandError } from "../exit-code.ts";
import { readTextFile } from "../read-text-file.ts";

const tunnelSchema = z.strictObject({
  /** It is found by this, and made where there is none. */
  name: z.string().min(1).max(64),
  /** As in the services file, whose version is ours to write. */
  services: servicesFileSchema.shape.services.optional(),
  networks: servicesFileSchema.shape.networks,
});

/** Secrets are no part of it: they come from the environment (`secretFrom`), or are made by the relay. */
const destinationSchema = z
  .looseObject({
    name: z.string(),
    secretFrom: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/)
      .optional(),
  })
  .superRefine((destination, context) => {
    const settings: Record<string, unknown> = { ...destination };
    delete settings["secretFrom"];
    for (const secret of ["apiKey", "token", "headers"]) {
      if (secret in settings)
        context.addIssue({
          code: "custom",
          path: [secret],
          message: "is a secret: name its variable in secretFrom",
        });
    }
    const judged = logDestinationSchema.safeParse(settings);
    for (const issue of judged.error?.issues ?? [])
      context.addIssue({ code: "custom", path: issue.path, message: issue.message });
  });

const declaredSchema = z
  .strictObject({
    version: z.literal(1),
    tunnels: z.array(tunnelSchema).default([]),
    logDestinations: z.array(destinationSchema).default([]),
    gatewayKeys: z.array(callerSchema.extend({ publicUrl: publicUrlSchema.optional() })).default([]),
  })
  .superRefine(({ tunnels, logDestinations, gatewayKeys }, context) => {
    unique(
      context,
      "tunnels",
      tunnels.map(({ name }) => name),
    );
    unique(
      context,
      "logDestinations",
      logDestinations.map(({ name }) => name),
    );
    unique(context, "gatewayKeys", gatewayKeys.map(keyName));
  });

export type Declared = z.infer<typeof declaredSchema>;

/** What a gateway key is known by: two of the same stand for the same caller. */
export function keyName({ project, environment, publicUrl }: Declared["gatewayKeys"][number]): string {
  return `${project} in ${environment}${publicUrl === undefined ? "" : ` at ${publicUrl}`}`;
}

/** What is wrong is said before anything is asked of the relay. */
export async function readDeclared(path: string): Promise<Declared> {
  const text = await readTextFile(path);
  const parsed = declaredSchema.safeParse(parsedYaml(path, text));
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error).map(
    (problem) => `\n  ${problem.path || "(the whole)"}: ${problem.message}`,
  );
  throw new CommandError("usage", `${path} cannot be applied:${problems.join("")}`);
}

function parsedYaml(path: string, text: string): unknown {
  try {
    // A key that appears twice is an error of the parser's.
    const document = parseDocument(text);
    // A tag that nobody here knows, as `!include`, would leave out what was meant by it.
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS();
  } catch (thrown) {
    const isPlaced = thrown instanceof YAMLParseError || thrown instanceof YAMLWarning;
    const line = isPlaced ? `, line ${thrown.linePos?.[0].line ?? "unknown"}` : "";
    throw new CommandError("usage", `${path} is not YAML${line}`, { cause: thrown });
  }
}

function unique(context: z.RefinementCtx, path: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    context.addIssue({ code: "custom", path: [path], message: `${JSON.stringify(twice)} appears twice` });
}
