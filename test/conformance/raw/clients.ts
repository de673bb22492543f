import { execFile, spawnSync } from "node:child_process";
import { request as nodeRequest } from "node:http";
import { Agent, request as undiciRequest } from "undici";

/** How a client takes a response: whole, or not. */
export type Taken = { status: number; body: string } | "not whole";
export type Client = (url: string, method: string) => Promise<Taken>;

const PATIENCE_MS = 30_000;

const node: Client = (url, method) => {
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

const undici: Client = async (url, method) => {
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

const curl: Client = (url, method) => {
  const { promise, resolve } = Promise.withResolvers<Taken>();
  const head = method === "HEAD" ? ["--head", "--output", "/dev/null"] : [];
  // Its own status goes to standard error, the body to standard output.
  const args = [
    "--silent",
    "--http1.1",
    "--noproxy",
    "*",
    "--max-time",
    "30",
    "--write-out",
    "%{stderr}%{http_code}",
  ];
  execFile("curl", [...args, ...head, url], { encoding: "latin1" }, (error, stdout, stderr) => {
    resolve(error === null ? { status: Number(stderr), body: stdout } : "not whole");
  });
  return promise;
};

/** curl only where it is installed. */
export function clients(): Record<string, Client> {
  const hasCurl = spawnSync("curl", ["--version"]).status === 0;
  return { node, undici, ...(hasCurl ? { curl } : {}) };
}
