import { filterOf, type RequestFilter, searchOf } from "./request-filter.ts";

export const TUNNEL_VIEWS = ["overview", "live", "requests", "services", "tokens"] as const;

export type TunnelView = (typeof TUNNEL_VIEWS)[number];

export type Route =
  | { page: "tunnels" }
  | { page: "tunnel"; tunnelId: string; view: Exclude<TunnelView, "requests"> }
  | { page: "tunnel"; tunnelId: string; view: "requests"; filter?: RequestFilter; requestId?: string }
  | { page: "log-destinations" }
  | { page: "alerts" }
  | { page: "keys" }
  | { page: "audit-log" }
  | { page: "missing" };

const BASE = "/dashboard";

export function routeOf(path: string, search = ""): Route {
  const [page = "", tunnelId = "", view = "overview", requestId, ...rest] = path
    .slice(BASE.length)
    .split("/")
    .filter((part) => part !== "");
  if (rest.length > 0 || (requestId !== undefined && view !== "requests")) return { page: "missing" };
  switch (page) {
    case "":
      return { page: "tunnels" };
    case "tunnels":
      if (tunnelId === "") return { page: "tunnels" };
      if (!isView(view) || !/^\w+$/.test(tunnelId)) return { page: "missing" };
      if (view !== "requests") return { page: "tunnel", tunnelId, view };
      if (requestId === undefined) return { page: "tunnel", tunnelId, view, filter: filterOf(search) };
      return /^[\w.-]{1,128}$/.test(requestId)
        ? { page: "tunnel", tunnelId, view, requestId }
        : { page: "missing" };
    case "log-destinations":
    case "alerts":
    case "keys":
    case "audit-log":
      return tunnelId === "" ? { page } : { page: "missing" };
    default:
      return { page: "missing" };
  }
}

export function pathOf(route: Route): string {
  switch (route.page) {
    case "tunnels":
    case "missing":
      return BASE;
    case "tunnel":
      return `${BASE}/tunnels/${route.tunnelId}${viewPath(route)}`;
    default:
      return `${BASE}/${route.page}`;
  }
}

function isView(text: string): text is TunnelView {
  return (TUNNEL_VIEWS as readonly string[]).includes(text);
}

function viewPath(route: Extract<Route, { page: "tunnel" }>): string {
  if (route.view === "overview") return "";
  if (route.view !== "requests") return `/${route.view}`;
  return `/requests${route.requestId === undefined ? searchOf(route.filter ?? {}) : `/${route.requestId}`}`;
}
