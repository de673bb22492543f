import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as z from "zod";
import { behindTunnel, type BehindTunnel, serveApplication } from "../../support/application.ts";

const STEPS = 20;

let tunnel: BehindTunnel;
/** By session. */
const transports = new Map<string, { transport: StreamableHTTPServerTransport; server: McpServer }>();

function makeServer(): McpServer {
  const server = new McpServer({ name: "behind", version: "1.0.0" }, { capabilities: { logging: {} } });
  server.registerTool(
    "work",
    { inputSchema: { steps: z.number() } },
    async ({ steps }, { _meta, sendNotification }) => {
      for (let progress = 1; progress <= steps; progress++) {
        const progressToken = _meta?.progressToken ?? 0;
        const params = { progressToken, progress, total: steps, message: `step ${progress}` };
        await sendNotification({ method: "notifications/progress", params });
        await sleep(5);
      }
      return { content: [{ type: "text", text: `done in ${steps}` }] };
    },
  );
  server.registerTool("large", {}, () => ({ content: [{ type: "text", text: "x".repeat(1_000_000) }] }));
  return server;
}

beforeAll(async () => {
  const served = await serveApplication((request, response) => {
    const answer = async () => {
      const known = transports.get(String(request.headers["mcp-session-id"]));
      if (known !== undefined) return known.transport.handleRequest(request, response);
      const server = makeServer();
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void transports.set(id, { transport, server }),
        onsessionclosed: (id) => void transports.delete(id),
      });
      await server.connect(transport);
      return transport.handleRequest(request, response);
    };
    answer().catch(() => response.destroy());
  });
  tunnel = await behindTunnel(served);
});
afterAll(() => tunnel?.stop());

it("a session over Streamable HTTP: tools, progress as it comes, server messages, the end", async () => {
  const client = new Client({ name: "before", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${tunnel.url}/mcp`));
  await client.connect(transport);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["work", "large"]);

  const steps: number[] = [];
  let atFirst = true;
  const working = client
    .callTool({ name: "work", arguments: { steps: STEPS } }, undefined, {
      onprogress: ({ progress }) => steps.push(progress),
    })
    .finally(() => (atFirst = false));
  // It comes while the tool runs, and not with its result.
  await expect.poll(() => steps.length, { interval: 1, timeout: 20_000 }).toBeGreaterThan(0);
  expect(atFirst).toBe(true);
  expect((await working).content).toEqual([{ type: "text", text: `done in ${STEPS}` }]);
  expect(steps).toEqual(Array.from({ length: STEPS }, (_, step) => step + 1));

  const [{ text } = { text: "" }] = (await client.callTool({ name: "large" })).content as { text: string }[];
  expect(text).toHaveLength(1_000_000);

  const heard = new Promise<unknown>((resolve) => {
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => resolve(params.data));
  });
  const session = transports.get(transport.sessionId ?? "");
  // It comes over the event stream that the client opened with GET, which may not be open yet.
  const telling = setInterval(() => {
    void session?.server.server.sendLoggingMessage({ level: "info", data: "by itself" }).catch(() => {});
  }, 50);
  expect(await heard).toBe("by itself");
  clearInterval(telling);

  await transport.terminateSession();
  expect(transports.size).toBe(0);
  await client.close();
});
