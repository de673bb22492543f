/*
 * Takes the secrets out of one captured request: out of its URL, its fields and its bodies.
 *
 * What is found in one place is taken out of all others too, in whatever encoding. In doubt a value is removed: a capture that shows
 * too little is tried again, one that shows a secret cannot be taken back. Any input ends: nesting and length are bounded.
 *
 * Begin with `redactor.ts`, then `secret-name.ts` (which names mean a secret) and `redact-body.ts`. docs/security.md#captures;
 * decision 0048.
 */
export { redactBody } from "./redact-body.ts";
export { redactFields } from "./redact-fields.ts";
export { redactPath } from "./redact-url.ts";
export { REDACTED, Redactor } from "./redactor.ts";
