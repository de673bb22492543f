import { parseDocument, YAMLParseError, YAMLWarning } from "yaml";
import * as z from "zod";
import { logDestinationSchema } from "../../shared/events/log-destination.ts";
import { problemsOf } from "../../shared/problems.ts";
import { publicUrlSchema, callerSchema, servicesFileSchema } from "../../shared/services/index.ts";
import { CommandError } from "../exit-code.ts";
import { readTextFile } from "../read-text-file.ts";

const tunnelSchema = z.strictObject({
  /** A tunnel is found by its name, and created if there is none. */
  name: z.string().min(1).max(64),
  /** The same as in a services file, but without the version: `apply` writes that. */
  services: servicesFileSchema.shape.services.optional(),
  networks: servicesFileSchema.shape.networks,
});

/** A destination never contains its secrets. They come from the environment variable that `secretFrom` names. */
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

/** Identifies a gateway key: two entries with the same name are the same caller. */
export function keyName({ project, environment, publicUrl }: Declared["gatewayKeys"][number]): string {
  return `${project} in ${environment}${publicUrl === undefined ? "" : ` at ${publicUrl}`}`;
}

/** Reads and validates the file, so that its errors are reported before the relay is asked for anything. */
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
    // The parser reports a key that appears twice as an error.
    const document = parseDocument(text);
    // The parser only warns of an unknown tag, such as `!include`. It would then drop what the tag stands for, so a warning
    // is an error here.
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
