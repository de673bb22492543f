/** Of a wrangler configuration: what no machine simulates. wrangler would ask for an account at the start. */
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

/** The names of a gateway's bindings that lead to an account, or to a Worker that is not there. */
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
