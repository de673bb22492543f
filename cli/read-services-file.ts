import { problemsOf } from "../shared/problems.ts";
import { MAX_SERVICES_FILE_BYTES, type ServicesFile, servicesFileSchema } from "../shared/services/index.ts";
import { repeatedKey } from "../shared/repeated-key.ts";
import { CommandError } from "./exit-code.ts";
import { readTextFile } from "./read-text-file.ts";

/** Checks the file with the relay's own schema, so that errors are reported before anything is sent. */
export async function readServicesFile(path: string): Promise<ServicesFile> {
  let text = await readTextFile(path);
  if (Buffer.byteLength(text) > MAX_SERVICES_FILE_BYTES) {
    throw new CommandError(
      "usage",
      `${path} is larger than ${MAX_SERVICES_FILE_BYTES} bytes, which is all that the relay accepts`,
    );
  }
  let json: unknown;
  text = text.replace(/^\uFEFF/, "");
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw new CommandError("usage", `${path} is not JSON: ${(thrown as Error).message}`, { cause: thrown });
  }
  const twice = repeatedKey(text);
  if (twice !== null) {
    throw new CommandError(
      "usage",
      `${path}: the key ${JSON.stringify(twice.key)} appears twice, line ${twice.line}`,
    );
  }
  const parsed = servicesFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error).map(
    (problem) => `\n  ${problem.path || "(the whole)"}: ${problem.message}`,
  );
  throw new CommandError("usage", `${path} is not a services file:${problems.join("")}`);
}
