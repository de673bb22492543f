import { existsSync } from "node:fs";
import { join } from "node:path";

const CLASSES = ["Tunnel", "Registry", "Telemetry"];

/** The relay's host name where gateway and relay share a port. Browsers resolve `*.localhost` to loopback. */
export const RELAY_HOST = "culvert.localhost";

/** The relay as a Worker of the harness, with the name that the gateways' bindings use. */
export function relayWorker(name: string, vars: Readonly<Record<string, string>> = {}): object {
  return {
    config: {
      name,
      vars,
      main: builtWorker("index.js"),
      no_bundle: true,
      compatibility_date: "2026-11-17",
      routes: [`${RELAY_HOST}/*`],
      durable_objects: { bindings: CLASSES.map((name) => ({ name: name.toUpperCase(), class_name: name })) },
      exports: Object.fromEntries(
        CLASSES.map((name) => [name, { type: "durable-object", storage: "sqlite" }]),
      ),
    },
  };
}

/** The Worker in place of bindings that lead nowhere on this machine. */
export const ABSENT_WORKER = "culvert-absent";

export function absentWorker(): object {
  const main = builtWorker("absent.js");
  return { config: { name: ABSENT_WORKER, main, no_bundle: true, compatibility_date: "2026-11-17" } };
}

/** In the package, beside its modules; in `dist` when run from the sources. */
function builtWorker(file: string): string {
  // The single-file executable has no directory of its own.
  const here = import.meta.dirname as string | undefined;
  if (here === undefined) throw new Error("this needs the npm package: npx culvert-tunnel");
  const places = ["../testing/relay", "kit/testing/relay", "../../dist/kit/testing/relay"];
  const found = places.map((place) => join(here, place, file)).find((path) => existsSync(path));
  if (found === undefined) throw new Error("the relay is not built: npm run build");
  return found;
}
