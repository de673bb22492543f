import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Dev, startDev } from "../../kit/dev/start-dev.ts";
import { bundleTwinRelay } from "../bundle.ts";
import { type Child, startChild } from "./child-process.ts";

const root = join(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 10_000;

const access = (environment: string) => [{ project: "my-project", accessibleBy: [environment] }];

/** Everything that the demo runs. */
export interface Stack {
  gatewayUrl: string;
  gatewayKey: string;
  dev: Dev;
  sampleApi: Child;
}

/**
 * Starts a private API and what `culvert dev` starts. Adds the functions that stop them to `cleanups`, also if a later
 * start fails.
 */
export async function startStack(
  tell: (part: string, detail: string) => void,
  cleanups: (() => unknown)[],
): Promise<Stack> {
  const sampleApi = startChild("sample API", process.execPath, [join(root, "examples/sample-api/server.ts")]);
  cleanups.push(() => sampleApi.stop(1000));
  const sampleApiUrl = (await sampleApi.line(/^ready (\S+)$/, START_TIMEOUT_MS))[1] ?? "";
  tell("sample API", `${sampleApiUrl}  private: nothing but the connector calls it`);

  await bundleTwinRelay();
  const gatewayKey = randomBytes(12).toString("base64url");
  const allow = new URL(sampleApiUrl).host;
  const dev = await startDev({
    gateway: join(root, "examples/gateway/wrangler.toml"),
    vars: { GATEWAY_API_KEY: gatewayKey },
    services: { "payments-api-prod": sampleApiUrl, "preview-only-api": sampleApiUrl },
    servicesFile: {
      version: 1,
      services: [
        { name: "payments-api-prod", endpoint: sampleApiUrl, configurations: access("production") },
        { name: "preview-only-api", endpoint: sampleApiUrl, configurations: access("preview") },
      ],
    },
    ...{ allow, port: 0 },
    // Requests are not printed, because the steps print their results themselves.
    onRequest: () => {},
    onConsole: (line) => console.error(line),
    onReload: (problem) => console.error(problem === null ? "reloaded" : `not reloaded: ${problem}`),
  });
  cleanups.push(() => dev.stop());
  tell("relay", `${dev.relayUrl}  on workerd, with tunnel ${dev.tunnelIds.join()}`);
  tell("gateway", `${dev.gatewayUrl}  project my-project, environment production`);
  tell("connector", `dialled out; may reach ${allow} and nothing else`);
  return { gatewayUrl: dev.gatewayUrl, gatewayKey, dev, sampleApi };
}
