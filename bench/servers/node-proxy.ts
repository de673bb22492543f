/**
 * A plain proxy in Node, for comparison: node:http on one side, undici on the other. `node node-proxy.ts UPSTREAM`. Prints
 * `ready URL`.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";

const [origin = ""] = process.argv.slice(2);
const upstream = new Pool(origin, { connections: 512, pipelining: 1 });

function forward(request: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", url: path = "/", rawHeaders } = request;
  const headers = rawHeaders.filter((_, at) => {
    const name = rawHeaders[at & ~1]?.toLowerCase();
    return name !== "connection" && name !== "host" && name !== "transfer-encoding";
  });
  const hasBody = method !== "GET" && method !== "HEAD";
  let resume = () => {};
  response.on("drain", () => resume());
  upstream.dispatch(
    { path, method, headers, body: hasBody ? request : null },
    {
      onRequestStart() {},
      onResponseStart(controller, status) {
        resume = () => controller.resume();
        const raw = Array.isArray(controller.rawHeaders) ? controller.rawHeaders : [];
        const fields = raw.map(String);
        response.writeHead(
          status,
          fields.filter((_, at) => fields[at & ~1]?.toLowerCase() !== "connection"),
        );
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) controller.pause();
      },
      onResponseEnd: () => void response.end(),
      onResponseError: () => void response.destroy(),
    },
  );
}

const server = createServer(forward);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
