import { join } from "node:path";
import { type CulvertSubject, overTcp, startCulvert } from "./culvert.ts";
import { startFloors } from "./floor.ts";
import { startLocaltunnel, startSsh, startWstunnel } from "./peers.ts";
import { direct, nodeFloor } from "./plain.ts";
import { startServer } from "./start-server.ts";
import type { Cleanups, Subject } from "./subject.ts";

const PLANS = [
  { name: "culvert x1", connectors: 1, roundTripMs: null },
  { name: "culvert x2", connectors: 2, roundTripMs: null },
  { name: "culvert +0 ms", connectors: 1, roundTripMs: 0 },
  { name: "culvert +20 ms", connectors: 1, roundTripMs: 20 },
  { name: "culvert +80 ms", connectors: 1, roundTripMs: 80 },
];

export interface Subjects {
  upstream: Subject;
  upstreamUrl: string;
  all: readonly Subject[];
  culvert: readonly CulvertSubject[];
}

/** Starts the subjects with these names and what they need, and nothing else. */
export async function startSubjects(
  names: ReadonlySet<string>,
  { root, directory }: { root: string; directory: string },
  cleanups: Cleanups,
): Promise<Subjects> {
  const upstream = await startServer("upstream.ts", [], cleanups);
  const { url: tcpUpstreamUrl } = await startServer("tcp-upstream.ts", [], cleanups);
  const installDir = join(root, "node_modules/.cache/culvert-bench-peers");
  const starts: Readonly<Record<string, () => Promise<Subject | string>>> = {
    "node floor": () => nodeFloor(upstream.url, cleanups),
    "ssh -R": () => startSsh(upstream.url, directory, cleanups),
    localtunnel: () => startLocaltunnel(upstream.url, installDir, cleanups),
    wstunnel: () => startWstunnel(upstream.url, installDir, cleanups),
  };
  const others: Subject[] = [];
  for (const [name, start] of Object.entries(starts)) {
    if (!names.has(name)) continue;
    const started = await start();
    if (typeof started === "string") console.log(`left out, ${started}`);
    else others.push(started);
  }
  const control = direct(upstream);
  const floors = Object.values(await startFloors(directory, upstream.url, cleanups));
  const isOverTcp = [...names].some((name) => name.endsWith(", TCP"));
  const plans = PLANS.filter(({ name }, index) => names.has(name) || (index === 0 && isOverTcp));
  const culvert =
    plans.length === 0
      ? []
      : await startCulvert(
          {
            root,
            directory: join(directory, "culvert"),
            ...{ upstreamUrl: upstream.url, tcpUpstreamUrl, plans },
          },
          cleanups,
        );
  const known = [control, ...floors, ...others, ...culvert, ...culvert.slice(0, 1).map(overTcp)];
  return {
    ...{ upstream: control, upstreamUrl: upstream.url, culvert },
    all: known.filter(({ name }) => names.has(name)),
  };
}
