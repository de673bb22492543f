/** What stands in `props` of a gateway's service binding: who the gateway is. The relay decides by these alone. */
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
