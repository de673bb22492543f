import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { TRUSTED_CERTIFICATE_FILE } from "../tls-identities.ts";
import { readFileSync } from "node:fs";
import type { Reach } from "./reach.ts";

/** Where a service is, and how a client starts TLS with it. */
export interface StraightService {
  name: string;
  /** `tcp://` or `tls://`. */
  endpoint: string;
  startTls?: string;
}

/** PostgreSQL's SSLRequest: its length, then a code in place of a version. */
const SSL_REQUEST = Buffer.from("0000000804d2162f", "hex");

/** Opens the same connections without a tunnel. This process does what the connector would do, such as TLS. */
export function straight(services: readonly StraightService[]): Reach {
  return async (name) => {
    const service = services.find((one) => one.name === name);
    if (service === undefined) throw new Error(`no service ${name}`);
    const { protocol, hostname, port } = new URL(service.endpoint);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    if (service.startTls !== undefined) {
      socket.write(SSL_REQUEST);
      const [answer] = (await once(socket, "data")) as [Buffer];
      if (answer.toString() !== "S") throw new Error(`no TLS: ${answer.toString()}`);
    }
    if (protocol === "tcp:" && service.startTls === undefined) return connected(socket);
    const ca = readFileSync(TRUSTED_CERTIFICATE_FILE);
    const secure = connectTls({ socket, ca, servername: hostname });
    await once(secure, "secureConnect");
    return connected(secure);
  };
}

/** For drivers that call `connect()` on the stream that they are given. */
function connected(socket: Socket): Socket {
  socket.connect = () => {
    queueMicrotask(() => socket.emit("connect"));
    return socket;
  };
  return socket;
}
