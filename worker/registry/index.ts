/*
 * The Registry object, the control plane: tunnels, tokens, keys, services files, log destinations, alerts, audit log.
 *
 * It is the one source of truth. Each change is one transaction with its audit entry and the pushes that it causes. A tunnel's objects
 * get their configuration by push, and the alarm repeats a push until it is acknowledged. No request of a gateway waits for the
 * Registry, except for the first one with a key or a tunnel that an isolate does not know.
 *
 * Begin with `registry-object.ts` (what the platform calls), `change.ts` and `push-config.ts`; `stores/` has the tables, `scaling/` the
 * rules for the number of objects. docs/registry.md; decisions 0008 and 0037.
 */
export { Registry } from "./registry-object.ts";
