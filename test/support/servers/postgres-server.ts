import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type DebianServer,
  freePort,
  give,
  ownerNamed,
  run,
  startDebianServer,
  tlsFiles,
} from "./debian-server.ts";

/** Where Debian puts PostgreSQL's programs; undefined if it is not installed. */
export const POSTGRES = ["15", "16", "17", "18"]
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .find(existsSync);

/**
 * A new cluster in `parent`, a directory that the user who runs PostgreSQL can enter. It trusts everybody and offers TLS.
 */
export async function startPostgres(bin: string, parent: string): Promise<DebianServer & { port: number }> {
  const owner = await ownerNamed("postgres");
  const [data, tls] = [join(parent, "postgres"), join(parent, "postgres-tls")];
  for (const directory of [data, tls]) {
    await mkdir(directory);
    await give(directory, owner);
  }
  const { cert, key } = await tlsFiles(tls, owner);
  const options = ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions"];
  await run(join(bin, "initdb"), [...options, "-E", "UTF8", "--locale", "C"], { ...owner, cwd: data });
  const port = await freePort();
  const settings = [
    ...[`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${data}`],
    ...["fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_wal_size=4GB"],
    ...["ssl=on", `ssl_cert_file=${cert}`, `ssl_key_file=${key}`],
  ];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const server = await startDebianServer(join(bin, "postgres"), args, port, { owner, cwd: data });
  return { ...server, port };
}
