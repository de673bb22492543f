/** What stands in `props` of the service binding: who the gateway is. The relay decides by these alone. */
export interface TunnelBindingProps {
  /** `tnl_…` */
  tunnel: string;
  project: string;
  environment: string;
  /** "keep": the gateway's own Forwarded and X-Forwarded-* go upstream as they are. Default: "generate". */
  forwarded?: "generate" | "keep";
  /** How the public reaches this gateway, such as `https://api.example.com/base`. */
  publicUrl?: string;
}

/**
 * The type of a tunnel's binding, for `Env`: `interface Env { TUNNEL: TunnelBinding }`.
 * The host of the URL is a service's name, or a host that a network rule of the services file opens.
 */
export interface TunnelBinding {
  /** Never throws for a failure of the tunnel: that is an answer, which `tunnelError` reads. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
}
