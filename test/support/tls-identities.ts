import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Self-signed and valid only for `localhost`. These keys protect nothing. */
const directory = join(import.meta.dirname, "tls");

function identity(name: string): { key: string; cert: string } {
  const read = (part: string) => readFileSync(join(directory, `${name}.${part}.pem`), "utf8");
  return { key: read("key"), cert: read("cert") };
}

export const TRUSTED_CERTIFICATE_FILE = join(directory, "trusted.cert.pem");
export const trustedIdentity = identity("trusted");
export const untrustedIdentity = identity("untrusted");
