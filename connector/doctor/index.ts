/*
 * `culvert doctor`: checks from the settings to the upstreams, each with what to do about its failure.
 *
 * It uses the code that runs, and no second one: the same names, policy, dialling and handshake. Begin with `doctor.ts`.
 */
export { supportBundle, type RunningConnector } from "./bundle.ts";
export { diagnose, type NamedUpstream } from "./doctor.ts";
export { fail, type Finding } from "./finding.ts";
