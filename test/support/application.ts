import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startSystem, type System } from "./system.ts";

export interface ApplicationServer {
  server: Server;
  origin: string;
  close: () => Promise<void>;
}

/** An application as a service of the tunnel. */
export async function serveApplication(listener?: RequestListener): Promise<ApplicationServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const APPLICATION = "application";

export interface BehindTunnel {
  system: System;
  /** The application's URL at the gateway. */
  url: string;
  path: string;
  stop(): Promise<void>;
}

export async function behindTunnel({ origin, close }: ApplicationServer): Promise<BehindTunnel> {
  const system = await startSystem({ endpoints: { [APPLICATION]: origin } });
  const path = `/pass/TUNNEL/http://${APPLICATION}`;
  return {
    system,
    url: system.gatewayUrl + path,
    path,
    stop: async () => {
      await system.stop();
      await close();
    },
  };
}
