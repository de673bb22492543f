/**
 * `culvert-tunnel/gateway`: for a gateway's code. It runs in Workers, browsers and Node, and adds no dependency. Begin with
 * `tunnelError`; `TunnelBinding` is the type for `Env`.
 */
export { tunnelError, type TunnelErrorCode, TUNNEL_ERROR_CODES, type TunnelFailure } from "./tunnel-error.ts";
export { connectTcp, type TunnelSocket } from "./connect-tcp.ts";
export type { TunnelBinding, TunnelDialError, TunnelStreams } from "./tunnel-binding.ts";
export type { TunnelBindingProps } from "../../shared/services/binding-props.ts";
