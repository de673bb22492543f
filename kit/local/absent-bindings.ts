/** Kinds of bindings that no machine can simulate. wrangler would ask for an account at the start. */
const OF_THE_ACCOUNT: ReadonlySet<string> = new Set([
  "agent_memory",
  "ai",
  "ai_search",
  "ai_search_namespaces",
  "analytics",
  "media",
  "vpc_networks",
  "vpc_services",
]);

interface Entry {
  binding?: unknown;
  name?: unknown;
  remote?: unknown;
  service?: unknown;
}

/** The names of a gateway's bindings that need an account, or lead to a Worker that was not given. */
export function absentBindings(
  config: Readonly<Record<string, unknown>>,
  workerNames: ReadonlySet<string>,
): string[] {
  return Object.entries(config).flatMap(([key, value]) =>
    [value]
      .flat()
      .filter((entry): entry is Entry => typeof entry === "object" && entry !== null)
      .filter(
        ({ remote, service }) =>
          OF_THE_ACCOUNT.has(key) ||
          remote === true ||
          (key === "services" && typeof service === "string" && !workerNames.has(service)),
      )
      .map(({ binding, name }) => binding ?? name)
      .filter((name) => typeof name === "string"),
  );
}
