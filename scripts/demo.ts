import { parseArgs } from "node:util";
import { withTail } from "./demo/child-process.ts";
import { screen } from "./demo/screen.ts";
import { runShowcase } from "./demo/showcase.ts";
import { startStack } from "./demo/stack.ts";
import type { Stack } from "./demo/stack.ts";

const help = `npm run demo [-- --once]

Starts a private sample API, the relay, a connector and a gateway Worker on this machine, sends real
requests through them and shows what happened. Keeps running until Ctrl-C.

  --once       send the requests, check the answers, shut everything down; exit 0 or 1
  -h, --help   this text`;

const cleanups: (() => unknown)[] = [];
let cleaningUp: Promise<void> | null = null;

/** Stops everything once, in the reverse order of starting, however often it is called. */
function cleanUp(): Promise<void> {
  cleaningUp ??= (async () => {
    for (const undo of cleanups.reverse()) await undo();
  })();
  return cleaningUp;
}

function curlLines({ gatewayUrl, gatewayKey }: Stack): string[] {
  const curl = (path: string, options = "") =>
    `curl -H 'x-api-key: ${gatewayKey}' ${options}'${gatewayUrl}${path}'`;
  return [
    curl("/payments/v1/charges?limit=3"),
    curl("/payments/events?count=10&intervalMs=500", "-N "),
    curl("/payments/download?bytes=1000000000", "-o /dev/null "),
    curl("/payments/upload", "--data-binary @package-lock.json "),
    curl("/services/preview-only-api/v1/charges", "-i "),
  ];
}

/** Resolves with the reason if the private API ends, which should not happen. */
async function apiEnded({ sampleApi }: Stack): Promise<string> {
  await sampleApi.exited;
  return withTail(`the ${sampleApi.name} ended`, sampleApi.lines);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      once: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const interrupting = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupting.abort());
  const interrupted = new Promise<number>((resolve) => {
    interrupting.signal.addEventListener("abort", () => resolve(values.once ? 1 : 0));
  });
  const demo = async (): Promise<number> => {
    screen.title("Culvert: a private API, called through the tunnel");
    const stack = await startStack(screen.part, cleanups);
    const ended = apiEnded(stack);
    screen.title("Through the gateway");
    const passed = await runShowcase({ url: stack.gatewayUrl, key: stack.gatewayKey }, interrupting.signal);
    if (values.once || !passed) return passed ? 0 : 1;
    screen.title("Try it yourself (Ctrl-C ends the demo)");
    for (const line of curlLines(stack)) console.log(`  ${line}`);
    console.log(`\n  The dashboard: ${stack.dev.relayUrl}/dashboard, with the key ${stack.dev.adminKey}`);
    console.log();
    console.error(`demo: ${await ended}`);
    return 1;
  };
  return Promise.race([demo(), interrupted]);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
await cleanUp();
process.exit();
