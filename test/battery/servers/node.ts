import type { Origin } from "../origin.ts";
import type { Endpoint } from "./real-server.ts";

/** Node's own servers run in this process, so they are always available. */
export async function nodeEndpoints(origin: Origin, http1Port: number): Promise<Endpoint[]> {
  const offers = ["application", "origin", "interim", "trailers", "unsized"] as const;
  const h2c = await origin.listen("http2");
  return [
    { name: "node", origin: `http://127.0.0.1:${http1Port}`, protocol: "http1", offers },
    { name: "node-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers },
  ];
}
