/*
 * The relay: what the platform calls. The Worker's handler, the binding that gateways use, and the three classes of objects.
 *
 * The Worker itself keeps nothing but caches; state is in the objects. Imports run from here down to the objects and never back. A
 * request never learns from an exception: every failure is an answer. The platform reads each export of this file as an entrance, so
 * rooms below take what they need from this folder's files, and not from here.
 *
 * Begin with `entrypoint.ts` (bindings), `gateway-route.ts` (keys) and `app.ts` (the API), then `objects/` (the way to a tunnel's
 * objects). docs/architecture.md#the-way-of-a-request; decisions 0001, 0007 and 0037.
 */
export { app as default } from "./app.ts";
export { TunnelBinding } from "./entrypoint.ts";
export { Registry } from "./registry/index.ts";
export { Telemetry } from "./telemetry/index.ts";
export { Tunnel } from "./tunnel/index.ts";
