import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Upload } from "tus-js-client";
import { WebSocket, WebSocketServer } from "ws";
import { type ApplicationServer, serveApplication } from "../../support/application.ts";
import { startSystem, type System } from "../../support/system.ts";

/**
 * Applications that return their own URL, or check the URL by which they are called, behind a public URL that is not
 * theirs. The public URL is the relay's own `/~/`, so the test can follow their links.
 */
const CALLER = { project: "my-project", environment: "production" };

let system: System;
let directory: string;
const applications: ApplicationServer[] = [];

const publicUrlOf = (service: string) => `${system.workerd.url}/~/${system.tunnelId}/${service}`;
const publicHost = () => new URL(system.workerd.url).host;

/** A key for a gateway with this public URL, or with none. */
async function gatewayKey(publicUrl?: string): Promise<{ "culvert-gateway-key": string }> {
  const response = await fetch(`${system.workerd.url}/v1/gateway-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.adminKey}` },
    body: JSON.stringify({ ...CALLER, ...(publicUrl === undefined ? {} : { publicUrl }) }),
  });
  expect(response.status).toBe(201);
  return { "culvert-gateway-key": ((await response.json()) as { key: string }).key };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-public-"));
  const tus = (respectForwardedHeaders: boolean) => {
    const server = new Server({
      path: "/files",
      datastore: new FileStore({ directory }),
      respectForwardedHeaders,
    });
    return serveApplication((request, response) => {
      server.handle(request, response).catch(() => response.destroy());
    });
  };
  const mcp = await serveApplication((request, response) => {
    mcpAnswer(request, response).catch(() => response.destroy());
  });
  const action = await serveApplication(serverAction);
  const notebook = await serveApplication();
  // As Jupyter does: the Origin of a WebSocket must match the Host of the request.
  new WebSocketServer({
    server: notebook.server,
    verifyClient: ({ origin, req }: { origin: string; req: IncomingMessage }) =>
      new URL(origin).host === req.headers.host,
  }).on("connection", (socket) => socket.on("message", (text: Buffer) => socket.send(text.toString())));
  const plain = await tus(false);
  const aware = await tus(true);
  applications.push(plain, aware, mcp, action, notebook);
  system = await startSystem();
  const rule = { configurations: [{ project: CALLER.project, accessibleBy: CALLER.environment }] };
  await system.admin.putServices(system.tunnelId, {
    version: 1,
    services: [
      { name: "tus-plain", endpoint: plain.origin, ...rule },
      { name: "tus-aware", endpoint: aware.origin, ...rule },
      { name: "mcp", endpoint: mcp.origin, ...rule },
      { name: "mcp-public", endpoint: mcp.origin, hostHeader: "public", ...rule },
      { name: "action", endpoint: action.origin, ...rule },
      { name: "notebook", endpoint: notebook.origin, ...rule },
      { name: "notebook-public", endpoint: notebook.origin, hostHeader: "public", ...rule },
    ],
  });
});
afterAll(async () => {
  await system?.stop();
  for (const application of applications) await application.close();
  await rm(directory, { recursive: true, force: true });
});

/** As the MCP SDK protects against DNS rebinding: only requests with the public host are served. */
async function mcpAnswer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const transport = new StreamableHTTPServerTransport({
    enableDnsRebindingProtection: true,
    allowedHosts: [publicHost()],
  });
  await new McpServer({ name: "behind", version: "1.0.0" }).connect(transport);
  await transport.handleRequest(request, response);
}

/** As Next.js checks a server action: by X-Forwarded-Host, or by Host if it is absent. */
function serverAction({ headers }: IncomingMessage, response: ServerResponse): void {
  const host = headers["x-forwarded-host"] ?? headers.host;
  const isSame = headers.origin !== undefined && new URL(headers.origin).host === host;
  response.writeHead(isSame ? 303 : 500, { location: "/done" }).end();
}

describe("a tus server", () => {
  it.each(["tus-plain", "tus-aware"])("names uploads where its clients find them: %s", async (service) => {
    const headers = await gatewayKey(publicUrlOf(service));
    const content = Buffer.alloc(300_000, "tus ");
    const url = await new Promise<string | null>((resolve, reject) => {
      const upload: Upload = new Upload(content, {
        endpoint: `${publicUrlOf(service)}/files`,
        headers,
        chunkSize: 100_000,
        retryDelays: null,
        onError: reject,
        onSuccess: () => resolve(upload.url),
      });
      upload.start();
    });
    expect(url).toContain(`${publicUrlOf(service)}/files/`);
  });

  it.each(["tus-plain", "tus-aware"])(
    "names its own address if no public one is known: %s",
    async (service) => {
      const created = await fetch(`${publicUrlOf(service)}/files`, {
        method: "POST",
        headers: { ...(await gatewayKey()), "tus-resumable": "1.0.0", "upload-length": "5" },
      });
      expect(created.headers.get("location")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/files\//);
      expect(created.headers.get("location")).not.toContain(publicHost());
    },
  );
});

describe("an MCP server that looks at its Host", () => {
  const connect = async (service: string, publicUrl?: string) => {
    const client = new Client({ name: "before", version: "1.0.0" });
    const headers = await gatewayKey(publicUrl);
    const transport = new StreamableHTTPClientTransport(new URL(`${publicUrlOf(service)}/mcp`), {
      requestInit: { headers },
    });
    await client.connect(transport);
  };

  it("serves those that are told to name the public one, and no others", async () => {
    await connect("mcp-public", publicUrlOf("mcp-public"));
    await expect(connect("mcp-public")).rejects.toThrow("Invalid Host");
    await expect(connect("mcp", publicUrlOf("mcp"))).rejects.toThrow("Invalid Host");
  });
});

describe("a server action", () => {
  it("takes a form from the public host, and answers with a redirect that can be followed", async () => {
    const send = async (publicUrl?: string) => {
      const headers = { ...(await gatewayKey(publicUrl)), origin: system.workerd.url };
      const url = publicUrlOf("action");
      const { status, headers: fields } = await fetch(url, { method: "POST", headers, redirect: "manual" });
      return [status, fields.get("location")];
    };
    const path = new URL(publicUrlOf("action")).pathname;
    expect(await send(publicUrlOf("action"))).toEqual([303, `${path}/done`]);
    expect((await send())[0]).toBe(500);
  });
});

describe("a notebook's WebSocket", () => {
  const ask = async (service: string, publicUrl?: string): Promise<string> => {
    const headers = { ...(await gatewayKey(publicUrl)), origin: system.workerd.url };
    const socket = new WebSocket(publicUrlOf(service).replace("http", "ws"), { headers });
    return new Promise((resolve) => {
      socket.on("open", () => socket.send("hello"));
      socket.on("message", (text: Buffer) => {
        resolve(text.toString());
        socket.close();
      });
      socket.on("unexpected-response", (_request, { statusCode }) => resolve(String(statusCode)));
      socket.on("error", () => {});
    });
  };

  it("opens if its Origin is the Host of the request", async () => {
    expect(await ask("notebook-public", publicUrlOf("notebook-public"))).toBe("hello");
    expect(await ask("notebook", publicUrlOf("notebook"))).toBe("401");
    expect(await ask("notebook-public")).toBe("401");
  });
});
