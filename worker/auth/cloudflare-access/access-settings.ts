/** Variables of the Worker: who may sign in by Cloudflare Access, which is in front of the relay. */
export interface AccessVariables {
  /** `myteam`, or its whole domain. Unset: nobody signs in by Access. */
  ACCESS_TEAM_DOMAIN?: string;
  /** The application's audience tag; several are separated by commas. */
  ACCESS_AUD?: string;
  /** Names, ids or addresses of groups, separated by commas; `*` is everybody whom Access lets in. Unset: nobody. */
  ACCESS_ADMIN_GROUPS?: string;
  ACCESS_VIEWER_GROUPS?: string;
}

export interface AccessSettings {
  /** `https://myteam.cloudflareaccess.com` */
  issuer: string;
  audiences: ReadonlySet<string>;
  adminGroups: ReadonlySet<string>;
  viewerGroups: ReadonlySet<string>;
}

const known = new WeakMap<AccessVariables, { settings: AccessSettings | null }>();

/** Null: nobody signs in by Access. Incomplete settings are reported on the console, and let nobody in. */
export function accessSettings(variables: AccessVariables): AccessSettings | null {
  const kept = known.get(variables) ?? { settings: readSettings(variables) };
  known.set(variables, kept);
  return kept.settings;
}

function readSettings(variables: AccessVariables): AccessSettings | null {
  const { ACCESS_TEAM_DOMAIN: team = "", ACCESS_AUD = "" } = variables;
  if (team.trim() === "") return null;
  const issuer = issuerOf(team.trim());
  const audiences = listOf(ACCESS_AUD);
  if (issuer === null || audiences.size === 0) {
    const message =
      issuer === null
        ? "ACCESS_TEAM_DOMAIN is not a team's name or domain: nobody can sign in by Access."
        : "ACCESS_AUD is missing: nobody can sign in by Access.";
    console.error({ event: "access_settings", message });
    return null;
  }
  return {
    issuer,
    audiences,
    adminGroups: listOf(variables.ACCESS_ADMIN_GROUPS),
    viewerGroups: listOf(variables.ACCESS_VIEWER_GROUPS),
  };
}

function issuerOf(team: string): string | null {
  if (/^[a-z0-9-]{1,63}$/i.test(team)) return `https://${team.toLowerCase()}.cloudflareaccess.com`;
  const url = URL.parse(/^https?:\/\//i.test(team) ? team : `https://${team}`);
  if (url === null || url.pathname !== "/" || url.search !== "" || url.username !== "") return null;
  const isLocal = url.hostname === "127.0.0.1" || url.hostname === "localhost";
  return url.protocol === "https:" || isLocal ? url.origin : null;
}

function listOf(text = ""): Set<string> {
  return new Set(
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );
}
