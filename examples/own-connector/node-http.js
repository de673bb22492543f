import { once } from "node:events";
import { createServer } from "node:http";
import { startConnector } from "culvert-tunnel/connector";

const server = createServer((request, response) => {
  const answer = () => response.end(`node:http got ${request.method} ${request.url}\n`);
  if (request.url === "/slow") setTimeout(answer, 2_000);
  else answer();
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1");
await once(server, "listening");
const { port } = server.address();

const connector = await startConnector({
  token: process.env.TUNNEL_TOKEN,
  allow: `127.0.0.1:${port}`,
});

process.once("SIGTERM", () => {
  void connector.drain().then(() => server.close());
});

await connector.ready();
console.log(`ready http://127.0.0.1:${port}`);
