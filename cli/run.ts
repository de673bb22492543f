import { type Command, CommanderError } from "commander";
import {
  applyCommand,
  apiKeyCommand,
  gatewayKeyCommand,
  alertCommand,
  auditLogCommand,
  completionCommand,
  forwardCommand,
  logDestinationCommand,
  logoutCommand,
  whoamiCommand,
  loginCommand,
  requestsCommand,
  tailCommand,
  tunnelCommand,
} from "./commands/index.ts";
import { captureCommand } from "./commands/capture/capture.ts";
import { CommandError, EXIT_CODE } from "./exit-code.ts";
import { identityCommand } from "./commands/identity/identity.ts";
import { terminalLines } from "../shared/terminal/terminal-text.ts";
import { addRelayOptions } from "./settings.ts";

const EXIT_CODES_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 not authorised, 4 not found, 5 relay not reachable.
"connect" exits with 78 if a setting is wrong.`;

export function addAdminCommands(culvert: Command): Command {
  const commands = [
    tunnelCommand(),
    identityCommand(),
    tailCommand(),
    requestsCommand(),
    captureCommand(),
    logDestinationCommand(),
    alertCommand(),
    gatewayKeyCommand(),
    apiKeyCommand(),
    auditLogCommand(),
    applyCommand(),
    whoamiCommand(),
  ];
  for (const command of commands) culvert.addCommand(addRelayOptions(command));
  return culvert
    .enablePositionalOptions()
    .addCommand(forwardCommand())
    .addCommand(loginCommand())
    .addCommand(logoutCommand())
    .addCommand(completionCommand())
    .optionsGroup("Relay:")
    .option("--relay <url>", "the relay's URL; also accepted after the command")
    .option("--api-key <key>", "the key of its admin API; also accepted after the command")
    .addHelpText("after", EXIT_CODES_HELP);
}

/** Runs the command that these arguments name, and sets the process's exit code. */
export async function runCulvert(culvert: Command, argv: readonly string[]): Promise<void> {
  neverExit(culvert);
  culvert.hook("preAction", (_culvert, command) => inheritOptions(command));
  // A closed pipe is no failure: a reader such as `head` has read enough.
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(0);
    console.error(`error: standard output cannot be written: ${code ?? message}`);
    process.exit(1);
  });
  // If standard error cannot be written, the exit code still says what happened.
  process.stderr.on("error", () => {});
  try {
    await culvert.parseAsync(argv);
  } catch (thrown) {
    process.exitCode = exitCodeOf(thrown);
  }
}

function exitCodeOf(thrown: unknown): number {
  // commander has printed the reason already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  console.error(`error: ${terminalLines(message)}`);
  return EXIT_CODE[thrown instanceof CommandError ? thrown.failure : "failed"];
}

function neverExit(command: Command): void {
  command.exitOverride();
  // commander quotes the arguments, which may come from a script's input, so control characters are removed.
  command.configureOutput({
    writeOut: (text) => process.stdout.write(terminalLines(text)),
    writeErr: (text) => process.stderr.write(terminalLines(text)),
  });
  for (const child of command.commands) neverExit(child);
}

/** Makes `culvert --relay URL tunnel list` mean the same as `culvert tunnel list --relay URL`. */
function inheritOptions(command: Command): void {
  const own = new Set(command.options.map((option) => option.attributeName()));
  for (let above = command.parent; above !== null; above = above.parent) {
    for (const [name, value] of Object.entries(above.opts())) {
      if (own.has(name) && command.getOptionValue(name) === undefined) command.setOptionValue(name, value);
    }
  }
}
