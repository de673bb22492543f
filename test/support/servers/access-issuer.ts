import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenOptions {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  /** Signs with another key than the header names. */
  signedBy?: "rsa" | "ec" | "stranger" | "nobody" | "hmac";
}

/** What Cloudflare Access is to a relay: an issuer with keys, which knows the groups of whoever shows its token. */
export class AccessIssuer {
  readonly audience = "aud-of-the-relay";
  /** By address. */
  readonly groups = new Map<string, unknown[]>();
  isDown = false;
  asked = 0;
  readonly #rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #server = createServer((request, response) => {
    this.asked++;
    if (this.isDown) return response.writeHead(503).end();
    if (request.url === "/cdn-cgi/access/certs") return response.end(JSON.stringify(this.#certs()));
    const token = /CF_Authorization=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const email = emailIn(token);
    if (request.url !== "/cdn-cgi/access/get-identity" || !this.groups.has(email))
      return response.writeHead(302, { location: "/login" }).end();
    return response.end(JSON.stringify({ email, groups: this.groups.get(email) }));
  });

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  token({ claims = {}, header = {}, signedBy = "rsa" }: TokenOptions = {}): string {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const head = { alg: "RS256", kid: "rsa-1", typ: "JWT", ...header };
    const all = {
      ...{ iss: this.url, aud: [this.audience], type: "app", sub: "7335d417" },
      ...{ email: "alice@example.com", iat: nowSeconds, nbf: nowSeconds, exp: nowSeconds + 600 },
      ...claims,
    };
    const signed = `${part(head)}.${part(all)}`;
    return `${signed}.${this.#signature(signed, signedBy)}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #signature(signed: string, by: TokenOptions["signedBy"]): string {
    const withKey = (key: KeyObject): string =>
      sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
    switch (by) {
      case "nobody":
        return "";
      case "hmac": {
        const secret = this.#rsa.publicKey.export({ type: "spki", format: "pem" });
        return createHmac("sha256", secret).update(signed).digest("base64url");
      }
      case "ec":
        return withKey(this.#ec.privateKey);
      case "stranger":
        return withKey(this.#stranger.privateKey);
      default:
        return withKey(this.#rsa.privateKey);
    }
  }

  #certs(): object {
    const jwk = (key: KeyObject, kid: string, alg: string) => ({
      ...key.export({ format: "jwk" }),
      ...{ kid, alg, use: "sig" },
    });
    const keys = [jwk(this.#rsa.publicKey, "rsa-1", "RS256"), jwk(this.#ec.publicKey, "ec-1", "ES256")];
    return { keys, public_cert: {}, public_certs: [] };
  }
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function emailIn(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    email?: string;
  };
  return claims.email ?? "";
}
