import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type DebianServer, freePort, startDebianServer, tlsFiles } from "./debian-server.ts";

/** Undefined if Redis is not installed. */
export const REDIS = ["/usr/bin/redis-server"].find(existsSync);

/** Stores nothing on disk. One port is plain text, the other is TLS. */
export async function startRedis(
  binary: string,
  parent: string,
): Promise<DebianServer & { port: number; tlsPort: number }> {
  const directory = join(parent, "redis");
  await mkdir(directory);
  const { cert, key } = await tlsFiles(directory, {});
  const [port, tlsPort] = [await freePort(), await freePort()];
  const settings = {
    ...{ port, "tls-port": tlsPort, bind: "127.0.0.1", save: "", dir: directory },
    ...{ "tls-cert-file": cert, "tls-key-file": key, "tls-ca-cert-file": cert, "tls-auth-clients": "no" },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return { ...(await startDebianServer(binary, args, port)), port, tlsPort };
}
