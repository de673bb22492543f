import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** Both in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** Issues certificates for tests: ECDSA P-256, valid for a day around now. */
export class CertificateAuthority {
  readonly cert: string;
  readonly #name: Buffer;
  readonly #keys = newKeys();

  constructor(name: string) {
    this.#name = nameOf(name);
    this.cert = certificate(this.#name, this.#keys.publicKey, this.#name, this.#keys.privateKey, [
      extension("2.5.29.19", true, sequence(boolean(true))),
    ]);
  }

  /** A certificate for a server with that DNS name or IPv4 address, or for a client with that name. */
  issue(name: string): Identity {
    const { publicKey, privateKey } = newKeys();
    const address = Buffer.from(name.split(".").map(Number));
    const alternative = isIP(name) === 4 ? tagged(0x87, address) : tagged(0x82, Buffer.from(name));
    const cert = certificate(nameOf(name), publicKey, this.#name, this.#keys.privateKey, [
      extension("2.5.29.17", false, sequence(alternative)),
    ]);
    return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
  }
}

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const DAY_MS = 24 * 60 * 60 * 1000;

/** RFC 5280 §4.1. */
function certificate(
  subject: Buffer,
  subjectKey: KeyObject,
  issuer: Buffer,
  issuerKey: KeyObject,
  extensions: Buffer[],
): string {
  const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    issuer,
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    subject,
    subjectKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const der = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, issuerKey)));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId("2.5.4.3"), tagged(0x0c, Buffer.from(commonName)))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));
}

function time(ms: number): Buffer {
  return tagged(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, "")}Z`));
}

function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tagged(0x06, Buffer.from(arcs));
}

const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts));
const boolean = (value: boolean) => tagged(0x01, Buffer.of(value ? 0xff : 0));
const bits = (bytes: Buffer) => tagged(0x03, Buffer.concat([Buffer.of(0), bytes]));

function tagged(tag: number, content: Buffer): Buffer {
  const { byteLength } = content;
  const length =
    byteLength < 0x80
      ? [byteLength]
      : byteLength < 0x100
        ? [0x81, byteLength]
        : [0x82, byteLength >> 8, byteLength & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}
