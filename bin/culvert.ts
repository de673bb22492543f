// oxlint-disable-next-line import/no-unassigned-import -- first, because it ends the process if its Node is too old
import "./node-version.ts";
// oxlint-disable-next-line import/no-unassigned-import -- applies to the whole process, so it comes before anything else
import "./small-heap.ts";
// oxlint-disable-next-line import/no-unassigned-import -- applies to every command, before it reads a token or a key
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
// A connector runs for weeks, so it does not load the other commands.
if (process.argv[2] !== "connect") {
  addAdminCommands(culvert.addCommand(doctorCommand()).addCommand(readyCommand()).addCommand(devCommand()));
}

// Not awaited: the single-file executable is built as CommonJS, which has no top-level await.
void runCulvert(culvert, process.argv);
