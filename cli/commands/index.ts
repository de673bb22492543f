/*
 * One file per admin command: its options, its help, and what it prints.
 *
 * A command reads its arguments, calls the API through `AdminClient`, and prints the result. It deletes nothing without a
 * confirmation or `--yes`. What it prints as a list or an object can also be printed with `--json`.
 *
 * Begin with `tunnel.ts` as the typical one. docs/setup.md; docs/api.md says what the calls do.
 */
export { alertCommand } from "./alert.ts";
export { applyCommand } from "./apply.ts";
export { auditLogCommand } from "./audit-log.ts";
export { completionCommand } from "./completion.ts";
export { forwardCommand } from "./forward.ts";
export { apiKeyCommand, gatewayKeyCommand } from "./keys.ts";
export { logDestinationCommand } from "./log-destination.ts";
export { loginCommand } from "./login.ts";
export { logoutCommand } from "./logout.ts";
export { requestsCommand } from "./requests.ts";
export { tailCommand } from "./tail.ts";
export { tunnelCommand } from "./tunnel.ts";
export { whoamiCommand } from "./whoami.ts";
