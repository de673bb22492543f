export { app as default } from "./app.ts";
export { TunnelBinding } from "./entrypoint.ts";
export { Registry } from "./registry/registry-object.ts";
export { Telemetry } from "./telemetry/telemetry-object.ts";
export { Tunnel } from "./tunnel/tunnel-object.ts";
