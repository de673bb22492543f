import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenOptions {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  /** Signs with another key than the header says. */
  signedBy?: "rsa" | "ec" | "stranger" | "nobody" | "hmac";
}

/** Signs JSON Web Tokens, valid and invalid ones, and publishes the keys of the valid ones. */
export class TokenIssuer {
  readonly audience: string;
  isDown = false;
  asked = 0;
  readonly #keysPath: string;
  readonly #rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #server = createServer((request, response) => {
    this.asked++;
    if (this.isDown) return response.writeHead(503).end();
    if (request.url === this.#keysPath) return response.end(JSON.stringify(this.keys()));
    return this.answer(request, response);
  });

  constructor({ audience, keysPath }: { audience: string; keysPath: string }) {
    this.audience = audience;
    this.#keysPath = keysPath;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get keysUrl(): string {
    return `${this.url}${this.#keysPath}`;
  }

  /** The default claims of a token. */
  claims(): Record<string, unknown> {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    return { iss: this.url, aud: [this.audience], iat: nowSeconds, nbf: nowSeconds, exp: nowSeconds + 600 };
  }

  token({ claims = {}, header = {}, signedBy = "rsa" }: TokenOptions = {}): string {
    const head = { alg: "RS256", kid: "rsa-1", typ: "JWT", ...header };
    const signed = `${part(head)}.${part({ ...this.claims(), ...claims })}`;
    return `${signed}.${this.#signature(signed, signedBy)}`;
  }

  /**
   * Invalid tokens by what is wrong with them; a verifier must refuse each. `claims` are those of a token that it would
   * accept, `audience` is the one that it expects.
   */
  badTokens(claims: Record<string, unknown>, audience = this.audience): Record<string, string> {
    const past = Math.floor(Date.now() / 1_000) - 1;
    const good = this.token({ claims });
    const [head = "", body = "", signature = ""] = good.split(".");
    const forged = part({ ...claims, iss: this.url, aud: audience, exp: 9e9 });
    const bad: Record<string, TokenOptions> = {
      "another audience": { claims: { ...claims, aud: ["aud-of-another"] } },
      "an audience within": { claims: { ...claims, aud: [`${audience}-2`] } },
      "no audience": { claims: { ...claims, aud: undefined } },
      "another issuer": { claims: { ...claims, iss: "https://evil.cloudflareaccess.com" } },
      "no issuer": { claims: { ...claims, iss: undefined } },
      ended: { claims: { ...claims, exp: past } },
      "without an end": { claims: { ...claims, exp: undefined } },
      "an end that is text": { claims: { ...claims, exp: "9999999999" } },
      "not yet": { claims: { ...claims, nbf: past + 3_600 } },
      "alg none": { claims, header: { alg: "none" }, signedBy: "nobody" },
      "alg None": { claims, header: { alg: "None" }, signedBy: "nobody" },
      "the public key as a secret": { claims, header: { alg: "HS256" }, signedBy: "hmac" },
      "the public key as a secret, as RS256": { claims, signedBy: "hmac" },
      "an unknown key": { claims, header: { kid: "rsa-2" } },
      "no key": { claims, header: { kid: undefined } },
      "another's signature": { claims, signedBy: "stranger" },
      "a key of another kind": { claims, header: { kid: "ec-1" } },
      "a key of another kind, and its algorithm": {
        claims,
        header: { kid: "rsa-1", alg: "ES256" },
        signedBy: "ec",
      },
      "another algorithm": { claims, header: { alg: "RS512" } },
      "what has to be understood": { claims, header: { crit: ["b64"], b64: false } },
      "a key of its own": {
        claims,
        header: { jwk: { kty: "oct", k: "AA" }, kid: "rsa-9" },
        signedBy: "stranger",
      },
      "keys of its own": {
        claims,
        header: { jku: "https://evil.example/keys", kid: "evil" },
        signedBy: "stranger",
      },
    };
    return {
      ...Object.fromEntries(Object.entries(bad).map(([name, options]) => [name, this.token(options)])),
      "no signature": `${head}.${body}.`,
      "other claims": `${head}.${forged}.${signature}`,
      "half a token": `${head}.${body}`,
      "five parts": `${good}.a.b`,
      padding: `${good}=`,
      nonsense: "a.b.c",
      "a large one": `${head}.${"A".repeat(17_000)}.${signature}`,
    };
  }

  keys(): object {
    const jwk = (key: KeyObject, kid: string, alg: string) => ({
      ...key.export({ format: "jwk" }),
      ...{ kid, alg, use: "sig" },
    });
    return { keys: [jwk(this.#rsa.publicKey, "rsa-1", "RS256"), jwk(this.#ec.publicKey, "ec-1", "ES256")] };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Answers requests for anything but the keys. */
  protected answer(_request: IncomingMessage, response: ServerResponse): unknown {
    return response.writeHead(404).end();
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
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
