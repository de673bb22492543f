import type { LogDestinationKind } from "../../shared/events/log-destination.ts";
import { askUnseen } from "../ask-unseen.ts";
import { CommandError } from "../exit-code.ts";
import { readTextFile } from "../read-text-file.ts";

/** Where secrets come from: never from arguments, which every user of the machine can see. */
export interface SecretOptions {
  secretFile?: string;
  headersFile?: string;
}

/** What the API calls the secret of each kind; the others have none but in their headers. */
const FIELD: Partial<Record<LogDestinationKind, "apiKey" | "token">> = {
  datadog: "apiKey",
  splunk: "token",
  loki: "token",
};

/** Kinds that take nothing without their secret. */
const REQUIRED: readonly LogDestinationKind[] = ["datadog", "splunk"];

/** `{ apiKey }` or `{ token }` from a file, from CULVERT_LOG_SECRET, or from who sits at the terminal; `{}` for none. */
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

/** `{ headers }` from a file of `Name: value` lines; `{}` where none was named. */
export async function headersField({
  headersFile,
}: SecretOptions): Promise<{ headers?: Record<string, string> }> {
  if (headersFile === undefined) return {};
  const lines = (await readTextFile(headersFile)).split(/\r?\n/).filter((line) => line.trim() !== "");
  const headers = lines.map((line, index): [string, string] => {
    const [, name, value] = /^([^:\s]+):\s*(.*\S)\s*$/.exec(line) ?? [];
    // The line itself may hold a secret.
    if (name === undefined || value === undefined) {
      throw new CommandError("usage", `${headersFile}: line ${index + 1} is not "Name: value"`);
    }
    return [name, value];
  });
  return { headers: Object.fromEntries(headers) };
}
