/** The first segment of the path, and the service's name in the services file. */
const SERVICES: Record<string, string> = {
  payments: "payments-api-prod",
};

/** The URL to request from the tunnel, or null if no route matches. */
export function serviceFor(url: string): string | null {
  const { pathname, search } = new URL(url);
  const [, first = "", rest = ""] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  const service = Object.hasOwn(SERVICES, first) ? SERVICES[first] : undefined;
  return service === undefined ? null : `http://${service}${rest}${search}`;
}
