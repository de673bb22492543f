import { legalCloseCode, utf8Prefix, MAX_CLOSE_REASON_BYTES } from "../../shared/protocol/index.ts";

/** RFC 6455 §7.1.5: reported where the close frame had no code. */
const WITHOUT_CODE = 1005;

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A close as the platform reports it. Null: it had no code. */
export function closeCodeOf(reported: number): number | null {
  return reported === WITHOUT_CODE ? null : reported;
}

/** The close code as WebSocket events report it. */
export function reportedCloseCode(code: number | null): number {
  return code ?? WITHOUT_CODE;
}

/** Begins a close or answers one. Does nothing if the socket is already closed. */
export function closeSocket(socket: WebSocket, code: number | null, reason: string): void {
  try {
    // The platform sends an empty frame for a call without arguments, and throws at 1005.
    if (code === null) socket.close();
    else socket.close(legalCloseCode(code), decoder.decode(utf8Prefix(reason, MAX_CLOSE_REASON_BYTES)));
  } catch {
    // The socket is already closed.
  }
}
