// oxlint-disable-next-line import/no-unassigned-import -- ends a process whose Node is too old, before anything else runs
import "./node-version.ts";
// oxlint-disable-next-line import/no-unassigned-import -- sets what holds for the whole process, before anything else runs
import "./small-heap.ts";
// oxlint-disable-next-line import/no-unassigned-import -- holds for every command, before it reads a token or a key
import "./no-debugger.ts";
import { Command } from "commander";
import { addAdminCommands, runCulvert } from "../cli/index.ts";
import { connectCommand } from "../connector/commands/connect.ts";
import { doctorCommand } from "../connector/commands/doctor.ts";
import { readyCommand } from "../connector/commands/ready.ts";
import { devCommand } from "../kit/dev/dev-command.ts";
import { BUILD_ID } from "../shared/release/build-id.ts";
import { VERSION } from "../shared/release/version.ts";

const culvert = new Command("culvert")
  .description("a secure tunnel from an API gateway on Cloudflare Workers to private APIs")
  .version(`${VERSION}+${BUILD_ID}`)
  .addCommand(connectCommand());
// A connector runs for weeks: it keeps nothing of the other commands.
if (process.argv[2] !== "connect") {
  addAdminCommands(culvert.addCommand(doctorCommand()).addCommand(readyCommand()).addCommand(devCommand()));
}

// Not awaited: the single-file executable is made from CommonJS, which has no top-level await.
void runCulvert(culvert, process.argv);
