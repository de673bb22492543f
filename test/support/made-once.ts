import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { type MadeTunnels, makeTunnels } from "../../scripts/demo/local-tunnels.ts";

/** The folder of what is made once for a test run. Programs outside of a test run have none, and make their own. */
const VARIABLE = "CULVERT_TESTS_MADE";
const GATEWAY = "gateway.js";
const TUNNELS = "tunnels.json";
/** The tunnels that most systems of the tests have. */
const NAMES = ["main", "unattended"];

/** Makes what nearly every system of the tests starts with: a gateway's bundle, and a relay that has tunnels. */
export async function makeOnce(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-made-"));
  const persistDir = join(directory, "state");
  const [made] = await Promise.all([
    makeTunnels({ relayBundle: RELAY_BUNDLE, persistDir, names: NAMES }),
    bundleGateway(join(directory, GATEWAY)),
  ]);
  await writeFile(join(directory, TUNNELS), JSON.stringify(made));
  process.env[VARIABLE] = directory;
}

export async function removeMade(): Promise<void> {
  const directory = process.env[VARIABLE];
  delete process.env[VARIABLE];
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}

/** The path of `gateway.ts` as a bundle: the test run's, or a new one in this folder. */
export async function gatewayBundle(directory: string): Promise<string> {
  const made = process.env[VARIABLE];
  if (made !== undefined) return join(made, GATEWAY);
  const path = join(directory, GATEWAY);
  await bundleGateway(path);
  return path;
}

/** The test run's tunnels, for a relay of `RELAY_BUNDLE`. */
export async function runsTunnels(): Promise<MadeTunnels | undefined> {
  const directory = process.env[VARIABLE];
  if (directory === undefined) return undefined;
  return JSON.parse(await readFile(join(directory, TUNNELS), "utf8")) as MadeTunnels;
}

function bundleGateway(path: string): Promise<void> {
  return bundleWorker(join(import.meta.dirname, "gateway.ts"), path);
}
