/*
 * `culvert doctor`: checks from the settings to the upstreams, each with what to do about its failure.
 *
 * It uses the code that runs, and no second one: the same names, policy, dialling and handshake. A check that cannot be made because an
 * earlier one failed says so. Nothing that it prints or bundles for support contains a secret.
 *
 * Begin with `doctor.ts` (the order of the checks) and `remedies.ts` (what to do). docs/observability.md#culvert-doctor; decision 0010
 * says what a connector checks by itself.
 */
export { supportBundle, type LocalConnector } from "./bundle.ts";
export { diagnose, type NamedUpstream } from "./doctor.ts";
export { fail, type Finding } from "./finding.ts";
