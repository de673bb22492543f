import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** For programs that cannot be told to take any free port and to say which. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
