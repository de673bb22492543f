import type { Child } from "../../scripts/demo/child-process.ts";
import { startServer } from "./start-server.ts";
import type { Cleanups, Subject } from "./subject.ts";

/** The control: no tunnel at all. */
export function direct({ url, child }: { url: string; child: Child }): Subject {
  return { name: "direct", origin: url, headers: {}, pids: () => ({ upstream: [child.pid] }) };
}

/** A plain reverse proxy in Node. A connector cannot be faster than this. */
export async function nodeFloor(upstreamUrl: string, cleanups: Cleanups): Promise<Subject> {
  const { child, url } = await startServer("node-proxy.ts", [upstreamUrl], cleanups);
  return { name: "node floor", origin: url, headers: {}, pids: () => ({ proxy: [child.pid] }) };
}
