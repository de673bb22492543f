import type { IncomingMessage, ServerResponse } from "node:http";
import { TokenIssuer } from "./token-issuer.ts";

/** Plays Cloudflare Access to a relay: an issuer with keys, which returns the groups of whoever presents a token. */
export class AccessIssuer extends TokenIssuer {
  /** By mail address. */
  readonly groups = new Map<string, unknown[]>();

  constructor() {
    super({ audience: "aud-of-the-relay", keysPath: "/cdn-cgi/access/certs" });
  }

  override claims(): Record<string, unknown> {
    return { ...super.claims(), type: "app", sub: "7335d417", email: "alice@example.com" };
  }

  override keys(): object {
    return { ...super.keys(), public_cert: {}, public_certs: [] };
  }

  protected override answer({ url, headers }: IncomingMessage, response: ServerResponse): unknown {
    const token = /CF_Authorization=([^;]+)/.exec(headers.cookie ?? "")?.[1] ?? "";
    const email = emailIn(token);
    if (url !== "/cdn-cgi/access/get-identity" || !this.groups.has(email))
      return response.writeHead(302, { location: "/login" }).end();
    return response.end(JSON.stringify({ email, groups: this.groups.get(email) }));
  }
}

function emailIn(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    email?: string;
  };
  return claims.email ?? "";
}
