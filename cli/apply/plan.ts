import { isDeepStrictEqual } from "node:util";
import { servicesDifference, type ServicesFile } from "../../shared/services/index.ts";
import type { AdminClient } from "../admin-client.ts";
import { CommandError } from "../exit-code.ts";
import { tunnelPath } from "../tunnel-path.ts";
import { type Declared, keyName } from "./declared.ts";

/** One change of the relay's state. */
export interface PlanStep {
  /** Shown to the person. Each begins with "+ " or "~ ". */
  lines: readonly string[];
  /** The file for the secret that this step creates, which the relay shows only once. Null if it creates none. */
  secretFile: string | null;
  run(keep: (text: string) => Promise<void>): Promise<void>;
}

interface Named {
  id: string;
  name: string;
}

/**
 * The changes that bring the relay to the declared state. What the file does not declare is left alone: a file may describe
 * only a part of a relay, and so a mistake in it deletes nothing. After a successful run the next plan is empty.
 */
export async function planOf(
  declared: Declared,
  client: AdminClient,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PlanStep[]> {
  return [
    ...(await tunnelSteps(declared.tunnels, client)),
    ...(await destinationSteps(declared.logDestinations, client, env)),
    ...(await keySteps(declared.gatewayKeys, client)),
  ];
}

async function tunnelSteps(wanted: Declared["tunnels"], client: AdminClient): Promise<PlanStep[]> {
  if (wanted.length === 0) return [];
  const present = await client.list<Named>("/tunnels");
  const steps: PlanStep[] = [];
  for (const { name, services, networks } of wanted) {
    const found = only(present, name, "tunnel");
    const file: ServicesFile | null =
      services === undefined && networks === undefined
        ? null
        : { version: 1, services: services ?? [], ...(networks === undefined ? {} : { networks }) };
    if (found === null) steps.push(newTunnel(name, file, client));
    else if (file !== null) steps.push(...(await changedServices(found, file, client)));
  }
  return steps;
}

function newTunnel(name: string, file: ServicesFile | null, client: AdminClient): PlanStep {
  const difference = file === null ? [] : servicesDifference({ version: 1, services: [] }, file);
  return {
    lines: [`+ tunnel ${name}`, ...difference.map((line) => `    ${line}`)],
    secretFile: `tunnel-${slugOf(name)}.token`,
    async run(keep) {
      const { id, token } = await client.post<{ id: string; token: string }>("/tunnels", { name });
      await keep(token);
      if (file !== null)
        await client.request("PUT", `${tunnelPath(id)}/services-configuration`, { body: file });
    },
  };
}

async function changedServices(
  { id, name }: Named,
  file: ServicesFile,
  client: AdminClient,
): Promise<PlanStep[]> {
  const path = `${tunnelPath(id)}/services-configuration`;
  const { body: current, headers } = await client.request<ServicesFile>("GET", path);
  const difference = servicesDifference(current, file);
  if (difference.length === 0) return [];
  const step: PlanStep = {
    lines: [`~ services of tunnel ${name}`, ...difference.map((line) => `    ${line}`)],
    secretFile: null,
    async run() {
      // If-Match: replaces only the version whose difference was shown.
      await client.request("PUT", path, { body: file, headers: { "if-match": headers.get("etag") ?? "" } });
    },
  };
  return [step];
}

/** Fields that the API returns but that are not settings. */
const NOT_SET = ["id", "secrets", "createdAt", "updatedAt", "delivery"];

async function destinationSteps(
  wanted: Declared["logDestinations"],
  client: AdminClient,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PlanStep[]> {
  if (wanted.length === 0) return [];
  const { items } = await client.get<{ items: (Named & Record<string, unknown>)[] }>("/log-destinations");
  return wanted.flatMap(({ secretFrom, ...settings }): PlanStep[] => {
    const found = only(items, settings.name, "log destination");
    const secret = secretOf(String(settings["kind"]), secretFrom, env);
    if (found === null) {
      const run = async (): Promise<void> =>
        void (await client.post("/log-destinations", { ...settings, ...secret() }));
      return [{ lines: [`+ log destination ${settings.name}`], secretFile: null, run }];
    }
    const current = Object.fromEntries(Object.entries(found).filter(([key]) => !NOT_SET.includes(key)));
    const next = { events: "all", ...settings };
    if (isDeepStrictEqual(sorted(current), sorted(next))) return [];
    return [
      {
        lines: [`~ log destination ${settings.name}`, ...differences(current, next)],
        secretFile: null,
        async run() {
          const given = secretFrom !== undefined && env[secretFrom] !== undefined ? secret() : {};
          await client.request("PUT", `/log-destinations/${found.id}`, { body: { ...next, ...given } });
        },
      },
    ];
  });
}

function secretOf(
  kind: string,
  variable: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): () => Record<string, string> {
  return () => {
    if (variable === undefined) return {};
    const value = env[variable]?.trim() ?? "";
    if (value === "") throw new CommandError("usage", `${variable}, named by secretFrom, is not set`);
    return kind === "datadog" ? { apiKey: value } : { token: value };
  };
}

async function keySteps(wanted: Declared["gatewayKeys"], client: AdminClient): Promise<PlanStep[]> {
  if (wanted.length === 0) return [];
  const present = new Set((await client.list<Declared["gatewayKeys"][number]>("/gateway-keys")).map(keyName));
  return wanted
    .filter((key) => !present.has(keyName(key)))
    .map((key) => ({
      lines: [`+ gateway key of ${keyName(key)}`],
      secretFile: `gateway-key-${slugOf(keyName(key))}.key`,
      async run(keep) {
        await keep((await client.post<{ key: string }>("/gateway-keys", key)).key);
      },
    }));
}

/** Two objects may have the same name. Then it is not clear which one the file means. */
function only<T extends { name: string }>(present: readonly T[], name: string, what: string): T | null {
  const found = present.filter((one) => one.name === name);
  if (found.length > 1)
    throw new CommandError(
      "failed",
      `There are ${found.length} of ${what} ${name}: rename or delete the others.`,
    );
  return found[0] ?? null;
}

function differences(current: Record<string, unknown>, next: Record<string, unknown>): string[] {
  const keys = [...new Set([...Object.keys(current), ...Object.keys(next)])].sort();
  return keys
    .filter((key) => !isDeepStrictEqual(current[key], next[key]))
    .flatMap((key) => [
      ...(key in current ? [`    - ${key}: ${JSON.stringify(current[key])}`] : []),
      ...(key in next ? [`    + ${key}: ${JSON.stringify(next[key])}`] : []),
    ]);
}

function sorted(value: Record<string, unknown>): [string, unknown][] {
  return Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
}

function slugOf(text: string): string {
  return text
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .toLowerCase();
}
