/**
 * `culvert-tunnel/testing`: tests a gateway against the real tunnel, on this machine and without an account. `startTwin`
 * runs the gateway, the relay on workerd and a connector. `fakeTunnel` is a function with the relay's own rules and error
 * responses, for tests that need neither streamed bodies nor WebSockets.
 */
export { fakeTunnel } from "./fake-tunnel.ts";
export { startTwin } from "./twin.ts";
export type {
  FakeTunnelOptions,
  ServiceHandler,
  ServiceRequest,
  Twin,
  TwinFaultCode,
  TwinGateway,
  TwinOptions,
  TwinService,
} from "../local/index.ts";
export type { RequestEvent } from "../../shared/events/request-event.ts";
