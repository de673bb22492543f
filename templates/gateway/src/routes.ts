/** By the first segment of the path: the service's name in the services file. */
const SERVICES: Record<string, string> = {
  payments: "payments-api-prod",
};

/** What the tunnel is asked for, or null where no route fits. */
export function serviceFor(url: string): string | null {
  const { pathname, search } = new URL(url);
  const [, first = "", rest = ""] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  const service = Object.hasOwn(SERVICES, first) ? SERVICES[first] : undefined;
  return service === undefined ? null : `http://${service}${rest}${search}`;
}
