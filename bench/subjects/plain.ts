import { startServer } from "./start-server.ts";
import type { Cleanups, Subject } from "./subject.ts";

/** The control: no tunnel at all. */
export function direct(upstream: { url: string; pid: number }): Subject {
  return { name: "direct", origin: upstream.url, headers: {}, pids: () => ({ upstream: [upstream.pid] }) };
}

/** A plain reverse proxy on Node: what a connector cannot beat. */
export async function nodeFloor(upstreamUrl: string, cleanups: Cleanups): Promise<Subject> {
  const { child, url } = await startServer("node-proxy.ts", [upstreamUrl], cleanups);
  return { name: "node floor", origin: url, headers: {}, pids: () => ({ proxy: [child.pid] }) };
}
