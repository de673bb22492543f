/** localtunnel's client. `node localtunnel-client.ts DIR SERVER UPSTREAM`. Prints `ready URL` of the tunnel. */
import { createRequire } from "node:module";
import { join } from "node:path";

interface Options {
  host: string;
  local_host: string;
  port: number;
  subdomain: string;
}

const [installDir = "", host = "", upstreamUrl = ""] = process.argv.slice(2);
const require = createRequire(join(installDir, "package.json"));
const localtunnel = require("localtunnel") as (options: Options) => Promise<{ url: string }>;
const { hostname, port } = new URL(upstreamUrl);
const tunnel = await localtunnel({ host, local_host: hostname, port: Number(port), subdomain: "bench" });
console.log(`ready ${tunnel.url}`);
