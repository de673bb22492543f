import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { bundleWorker } from "../../scripts/bundle.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import { startServer } from "./start-server.ts";
import { ASKING } from "../workloads.ts";
import type { Cleanups, Subject } from "./subject.ts";

/** The same number as in the Worker. */
const RELAYS = 8;

export interface Floors {
  /** Gateway, entrypoint and an object with a constant answer. */
  floor: Subject;
  /** The same, plus the caller's identity, header fields in both directions and a body of bytes. */
  rich: Subject;
  /** The same, but each answer comes over a WebSocket, without any protocol. */
  relay: Subject;
  /** The same on eight objects. */
  relays: Subject;
  /** As `relay`, and an upstream is asked for each answer, as plainly as possible. */
  asking: Subject;
  /** A gateway that answers by itself, and its entrypoint. */
  gateway: Subject;
  entrypoint: Subject;
  /** An object that streams between a caller and a WebSocket, without any protocol. */
  limit: Subject;
}

/** The cost of the platform itself, in a workerd process of its own. */
export async function startFloors(
  directory: string,
  upstreamUrl: string,
  cleanups: Cleanups,
): Promise<Floors> {
  const workers = join(import.meta.dirname, "../workers");
  const bundlePath = join(directory, "floor.js");
  const gatewayPath = join(directory, "floor-gateway.js");
  await bundleWorker(join(workers, "floor.ts"), bundlePath);
  await bundleWorker(join(workers, "gateway.ts"), gatewayPath);
  const workerd = await startWorkerd({
    relay: { bundlePath, adminKey: randomBytes(16).toString("hex") },
    persistDir: join(directory, "floor"),
    logFile: "/dev/null",
    gateways: [
      { name: "floor", bundlePath: gatewayPath, tunnelBindings: [{ binding: "TUNNEL", props: {} }] },
    ],
  });
  cleanups.add(() => workerd.stop(500));
  const url = workerd.gatewayUrls["floor"] ?? "";
  const socketUrl = workerd.url.replace("http", "ws");
  const names = ["floor", ...Array.from({ length: RELAYS }, (_, index) => `floor-${index}`)];
  const { child: feeder } = await startServer(
    "feeder.ts",
    [upstreamUrl, ...names.map((name) => `${socketUrl}/${name}`)],
    cleanups,
  );
  const subject = (name: string, prefix: string): Subject => ({
    name,
    origin: url + prefix,
    headers: {},
    pids: () => ({ relay: [workerd.pid], feeder: [feeder.pid] }),
  });
  return {
    floor: subject("floor", ""),
    rich: subject("rich floor", "/rich"),
    relay: subject("bare relay", "/relay"),
    relays: subject(`bare relay, ${RELAYS} objects`, "/relays"),
    asking: subject(ASKING, "/asking"),
    gateway: subject("gateway alone", "/self"),
    entrypoint: subject("entrypoint alone", "/entry"),
    limit: subject("object's limit", "/limit"),
  };
}
