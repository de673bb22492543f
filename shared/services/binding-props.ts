/** The `props` of a gateway's service binding. They say who the gateway is, and the relay decides only by them. */
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
