/*
 * Gateway, relay and connector on this machine: what `culvert dev` and `culvert-tunnel/testing` start.
 *
 * It runs the real relay on workerd and the real connector. Only what leads out of this machine is replaced. Everything
 * listens on loopback. Whatever was started ends with this process, even if the process is killed.
 *
 * Begin with `start-local.ts` and `local-tunnel.ts`; `services/` are the upstreams of a test. docs/gateways.md#tests;
 * decision 0009 explains the pinned runtime, and wrangler is the gateway's own.
 */
export { eventOf } from "./event-of.ts";
export type { LocalTunnel } from "./local-tunnel.ts";
export { RELAY_HOST } from "./relay-worker.ts";
export { startLocal, type LocalSystem } from "./start-local.ts";
export type {
  FakeTunnelOptions,
  ServiceHandler,
  ServiceRequest,
  Twin,
  TwinFaultCode,
  TwinGateway,
  TwinOptions,
  TwinService,
} from "./types.ts";
