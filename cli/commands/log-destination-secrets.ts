import type { LogDestinationKind } from "../../shared/events/log-destination.ts";
import { askUnseen } from "../ask-unseen.ts";
import { CommandError } from "../exit-code.ts";
import { readTextFile } from "../read-text-file.ts";

/** Files that contain secrets. A secret is never an argument, because every user of the machine can see arguments. */
export interface SecretOptions {
  secretFile?: string;
  headersFile?: string;
}

/** The API's name for the secret of each kind. Other kinds have secrets only in their headers. */
const FIELD: Partial<Record<LogDestinationKind, "apiKey" | "token">> = {
  datadog: "apiKey",
  splunk: "token",
  loki: "token",
};

/** Kinds that do not work without a secret. */
const REQUIRED: readonly LogDestinationKind[] = ["datadog", "splunk"];

/** `{ apiKey }` or `{ token }` from a file, from CULVERT_LOG_SECRET, or from a prompt; `{}` if there is none. */
export async function secretField(
  kind: LogDestinationKind,
  { secretFile }: SecretOptions,
  mayAsk: boolean,
): Promise<Record<string, string>> {
  const field = FIELD[kind];
  const given = secretFile === undefined ? process.env["CULVERT_LOG_SECRET"] : await readTextFile(secretFile);
  if (field === undefined) {
    if (secretFile === undefined) return {};
    throw new CommandError("usage", `A destination of kind ${kind} takes secrets only in --headers-file.`);
  }
  if (given !== undefined && given.trim() !== "") return { [field]: given.trim() };
  if (!mayAsk || !REQUIRED.includes(kind)) return {};
  if (!process.stdin.isTTY) {
    throw new CommandError(
      "usage",
      `A destination of kind ${kind} needs CULVERT_LOG_SECRET or --secret-file.`,
    );
  }
  return { [field]: (await askUnseen(`${field === "apiKey" ? "API key" : "Token"}: `)).trim() };
}

/** `{ headers }` from a file of `Name: value` lines; `{}` if no file was named. */
export async function headersField({
  headersFile,
}: SecretOptions): Promise<{ headers?: Record<string, string> }> {
  if (headersFile === undefined) return {};
  const lines = (await readTextFile(headersFile)).split(/\r?\n/).filter((line) => line.trim() !== "");
  const headers = lines.map((line, index): [string, string] => {
    const [, name, value] = /^([^:\s]+):\s*(.*\S)\s*$/.exec(line) ?? [];
    // The message names only the line's number, because the line may contain a secret.
    if (name === undefined || value === undefined) {
      throw new CommandError("usage", `${headersFile}: line ${index + 1} is not "Name: value"`);
    }
    return [name, value];
  });
  return { headers: Object.fromEntries(headers) };
}
