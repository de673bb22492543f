import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { startConnector } from "culvert-tunnel/connector";
import { Hono } from "hono";

const app = new Hono();
app.get("/slow", async (context) => {
  await sleep(2_000);
  return context.text("hono got GET /slow\n");
});
app.all("*", (context) => context.text(`hono got ${context.req.method} ${context.req.path}\n`));

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 0), hostname: "127.0.0.1" });
if (!server.listening) await once(server, "listening");
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
