import type { Access, Network, Service, ServicesFile } from "./services-file.ts";

/** What one file allows and another does not: lines that begin with "- " or "+ ". */
export function servicesDifference(before: ServicesFile, after: ServicesFile): string[] {
  const old = new Set(describeServices(before));
  const current = new Set(describeServices(after));
  return [...new Set([...old, ...current])]
    .filter((line) => !(old.has(line) && current.has(line)))
    .sort()
    .map((line) => `${current.has(line) ? "+" : "-"} ${line}`);
}

/** One line for each thing that the file says. */
function describeServices({ services, networks = [] }: ServicesFile): string[] {
  return [
    ...services.flatMap(({ name, endpoint, ...rule }) => [
      `service ${name} leads to ${endpoint}`,
      ...describeRule(`service ${name}`, rule),
    ]),
    ...networks.flatMap(({ hosts, ...rule }) =>
      hosts.flatMap((host) => [`host ${host} may be reached`, ...describeRule(`host ${host}`, rule)]),
    ),
  ];
}

/** Everything else in a rule is shown as a setting, so that a new one is never overlooked. */
function describeRule(
  subject: string,
  rule: Omit<Service, "name" | "endpoint"> | Omit<Network, "hosts">,
): string[] {
  const { configurations, ...settings } = rule;
  return [
    ...callers(configurations).map((caller) => `${subject} is open to ${caller}`),
    ...Object.entries(settings).map(([name, value]) => `${subject} has ${name} ${JSON.stringify(value)}`),
  ];
}

/** `my-project in production`, and under which paths. */
export function callers(configurations: readonly Access[]): string[] {
  return configurations.flatMap(({ project, accessibleBy, paths }) =>
    [accessibleBy]
      .flat()
      .map(
        (environment) =>
          `${project} in ${environment}${paths === undefined ? "" : `, under ${paths.join(" ")}`}`,
      ),
  );
}
