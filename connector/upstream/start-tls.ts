import type { Socket } from "node:net";
import type { StartTls } from "../../shared/protocol/index.ts";

/** PostgreSQL's SSLRequest: its length and a number that no version has ("Message Formats" of its manual). */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);
const YES = "S".charCodeAt(0);
const NO = "N".charCodeAt(0);

/**
 * Asks an upstream to start TLS, in the way of its protocol. `done` is called once, with null if TLS can begin or with the
 * problem. It is not called if the connection ends before that.
 */
export function agreeOnTls(_way: StartTls, socket: Socket, done: (problem: string | null) => void): void {
  socket.once("data", (answer: Buffer) => {
    socket.pause();
    done(problemWith(answer));
  });
  socket.write(SSL_REQUEST);
}

function problemWith(answer: Buffer): string | null {
  if (answer[0] === NO) return "it offers no TLS";
  if (answer[0] !== YES) return "its answer to SSLRequest is not valid";
  // An attacker on the path could insert clear text before the encrypted bytes (CVE-2021-23222).
  return answer.byteLength === 1 ? null : "it sent data before TLS began";
}
