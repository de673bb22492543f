export const TUNNEL_VIEWS = ["overview", "live", "services", "tokens"] as const;

export type TunnelView = (typeof TUNNEL_VIEWS)[number];

export type Route =
  | { page: "tunnels" }
  | { page: "tunnel"; tunnelId: string; view: TunnelView }
  | { page: "log-destinations" }
  | { page: "keys" }
  | { page: "audit-log" }
  | { page: "missing" };

const BASE = "/dashboard";

export function routeOf(path: string): Route {
  const [page = "", tunnelId = "", view = "overview", ...rest] = path
    .slice(BASE.length)
    .split("/")
    .filter((part) => part !== "");
  if (rest.length > 0) return { page: "missing" };
  switch (page) {
    case "":
      return { page: "tunnels" };
    case "tunnels":
      if (tunnelId === "") return { page: "tunnels" };
      return isView(view) && /^\w+$/.test(tunnelId)
        ? { page: "tunnel", tunnelId, view }
        : { page: "missing" };
    case "log-destinations":
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
      return `${BASE}/tunnels/${route.tunnelId}${route.view === "overview" ? "" : `/${route.view}`}`;
    default:
      return `${BASE}/${route.page}`;
  }
}

function isView(text: string): text is TunnelView {
  return (TUNNEL_VIEWS as readonly string[]).includes(text);
}
