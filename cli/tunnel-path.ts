/** The tunnel's path in the admin API. */
export function tunnelPath(tunnelId: string): string {
  return `/tunnels/${encodeURIComponent(tunnelId)}`;
}

export function noTunnel(tunnelId: string): string {
  return `There is no tunnel ${tunnelId}.`;
}
