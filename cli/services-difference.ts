import type { Access, Network, Service, ServicesFile } from "../shared/services-file.ts";

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
    ...services.flatMap((service) => [
      `service ${service.name} leads to ${service.endpoint}`,
      ...describeCheck(service),
      ...describeRule(`service ${service.name}`, service),
    ]),
    ...networks.flatMap((network) =>
      network.hosts.flatMap((host) => [
        `host ${host} may be reached`,
        ...describeRule(`host ${host}`, network),
      ]),
    ),
  ];
}

function describeCheck({ name, healthCheck }: Service): string[] {
  if (healthCheck === undefined) return [];
  return [`service ${name} ${healthCheck === false ? "is not checked" : `is checked by ${JSON.stringify(healthCheck)}`}`];
}

function describeRule(
  subject: string,
  rule: Omit<Service, "name" | "endpoint"> | Omit<Network, "hosts">,
): string[] {
  const { configurations, connectTimeoutMs, responseTimeoutMs, maxBodyBytes, retry } = rule;
  const settings = Object.entries({ connectTimeoutMs, responseTimeoutMs, maxBodyBytes, retry });
  return [
    ...callers(configurations).map((caller) => `${subject} is open to ${caller}`),
    ...settings.flatMap(([name, value]) => (value === undefined ? [] : [`${subject} has ${name} ${value}`])),
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
