import { request as nodeRequest } from "node:http";
import { Agent, request as undiciRequest } from "undici";
import { askCurl, curlVersion } from "../../support/curl.ts";

/** How a client reads a response: complete, or not. */
export type Taken = { status: number; body: string } | "not whole";
export interface Asked {
  port: number;
  path: string;
  method: string;
}
export type Client = (asked: readonly Asked[]) => Promise<Taken[]>;
type OneClient = (url: string, method: string) => Promise<Taken>;

/** How many run at once. Most of the time they wait for the end of the connection. */
const LANES = 24;

export async function inLanes<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const lane = async () => {
    for (const [at, item] of entries) results[at] = await run(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

const PATIENCE_MS = 60_000;

const node: OneClient = (url, method) => {
  const { promise, resolve } = Promise.withResolvers<Taken>();
  const fail = (): void => resolve("not whole");
  const request = nodeRequest(url, { method, agent: false, timeout: PATIENCE_MS }, (response) => {
    let body = "";
    response.on("data", (bytes: Buffer) => (body += bytes.toString("latin1")));
    response.on("error", fail);
    response.on("aborted", fail);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
  });
  request.on("upgrade", (_response, socket) => {
    socket.destroy();
    fail();
  });
  request.on("timeout", () => request.destroy(new Error("timeout")));
  request.on("error", fail);
  request.end();
  return promise;
};

const undici: OneClient = async (url, method) => {
  const dispatcher = new Agent({ connections: 1, headersTimeout: PATIENCE_MS });
  try {
    const { statusCode, body } = await undiciRequest(url, {
      method: method === "HEAD" ? "HEAD" : "GET",
      dispatcher,
    });
    return { status: statusCode, body: Buffer.from(await body.arrayBuffer()).toString("latin1") };
  } catch {
    return "not whole";
  } finally {
    await dispatcher.destroy();
  }
};

const curl: Client = async (asked) => {
  const requests = asked.map((one) => ({ ...one, patienceMs: PATIENCE_MS }));
  const answers = await askCurl(requests, ["http1.1"]);
  return answers.map(({ status, body, isWhole }) => (isWhole ? { status, body } : "not whole"));
};

const eachBy =
  (one: OneClient): Client =>
  (asked) =>
    inLanes(asked, ({ port, path, method }) => one(`http://127.0.0.1:${port}${path}`, method));

/** curl is included only if it is installed. */
export function clients(): Record<string, Client> {
  const hasCurl = curlVersion() !== null;
  return { node: eachBy(node), undici: eachBy(undici), ...(hasCurl ? { curl } : {}) };
}
