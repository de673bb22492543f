/*
 * The admin commands of `culvert`: a client of the admin API, and what its commands share.
 *
 * Standard output contains only the result, standard error everything else; with `--json` the result is for programs. A
 * failure is a `CommandError` with an exit code from one list. Text from other machines is made harmless for terminals
 * before it is printed. Secrets are never arguments, which other users of the machine can see, unless the person chooses
 * `--api-key`.
 *
 * Begin with `run.ts`, then `admin-client.ts` and `settings.ts` (which relay, which key); `commands/` has one file per
 * command. docs/setup.md and docs/api.md.
 */
export { command } from "./command.ts";
export { eventLine } from "./event-line.ts";
export { CommandError } from "./exit-code.ts";
export { printable } from "./output.ts";
export { addAdminCommands, runCulvert } from "./run.ts";
