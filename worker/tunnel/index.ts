/*
 * The Tunnel object, the data plane: connections of connectors, who may do what, and which connection gets a request.
 *
 * The object decides by its own copy of the configuration and asks nobody while it serves. Whatever must outlive its memory is in a
 * WebSocket's attachment or in storage, since the object may sleep or be reset at any moment. While nothing is under way it runs no
 * timer, so that it can sleep.
 *
 * Begin with `tunnel-object.ts` (what the platform calls), then `configuration/` (rules), `connectors/` (one connector's WebSocket) and
 * `connections/` (which one gets a request). docs/architecture.md#hibernation; decisions 0005, 0008, 0012 and 0037.
 */
export { Tunnel } from "./tunnel-object.ts";
