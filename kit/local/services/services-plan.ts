import { readFileSync } from "node:fs";
import { problemsOf } from "../../../shared/problems.ts";
import { type ServicesFile, servicesFileSchema } from "../../../shared/services/index.ts";
import type { GatewayProps, ServicesPlan } from "../types.ts";

/** Changes the endpoints to where the test's services listen. The rest of the file stays as it is. */
export function planServices(
  { servicesFile }: ServicesPlan,
  origins: ReadonlyMap<string, string>,
  callers: readonly Pick<GatewayProps, "project" | "environment">[],
): ServicesFile {
  const configurations = callers.map(({ project, environment }) => ({ project, accessibleBy: environment }));
  if (servicesFile === undefined) {
    const services = [...origins].map(([name, endpoint]) => ({
      ...{ name, endpoint, configurations },
      healthCheck: false as const,
      // A test that disconnects the connectors wants the answer at once.
      connectorWaitMs: 0,
    }));
    return checked({ version: 1, services });
  }
  const given = checked(typeof servicesFile === "string" ? readJson(servicesFile) : servicesFile);
  const missing = [...origins.keys()].filter(
    (name) => !given.services.some((service) => isNamed(service.name, name)),
  );
  if (missing.length > 0) throw new Error(`servicesFile: has no service ${missing.join(", ")}`);
  const services = given.services.map((service) => {
    const origin = [...origins].find(([name]) => isNamed(service.name, name))?.[1];
    if (origin === undefined) return { ...service, healthCheck: false as const };
    const { pathname } = new URL(service.endpoint);
    return { ...service, endpoint: origin + (pathname === "/" ? "" : pathname), healthCheck: false as const };
  });
  return { ...given, services };
}

/** The same file, with nobody allowed to call this service. */
export function closedFor(file: ServicesFile, name: string): ServicesFile {
  const services = file.services.map((service) =>
    isNamed(service.name, name) ? { ...service, configurations: [] } : service,
  );
  return { ...file, services };
}

function isNamed(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase();
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function checked(file: unknown): ServicesFile {
  const parsed = servicesFileSchema.safeParse(file);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error).map(
    ({ path, message }) => `\n  ${path || "(the whole)"}: ${message}`,
  );
  throw new Error(`this is not a services file:${problems.join("")}`);
}
