import type { Socket } from "node:net";
import type { Clock } from "../../shared/clock.ts";

/** What a write says when the peer has closed its end. */
const PEER_GONE: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET"]);
/** What the peer said before is here already, or never comes. */
const PATIENCE_MS = 1_000;

type Done = (error?: NodeJS.ErrnoException | null) => void;

/**
 * How long a failed write waits. An upstream may refuse an upload by answering and closing without reading the rest.
 * Node destroys a socket whose write fails, with the answer still unread in the kernel. On this socket such a write
 * stays open until the reading side has come to its own end, which then ends the socket. `onFailing` is called first.
 */
export function waitForReadingSide(socket: Socket, clock: Clock, onFailing: () => void): void {
  const patiently = (done: Done): Done => {
    return (error) => {
      if (!error || !PEER_GONE.has(error.code ?? "")) return done(error);
      onFailing();
      const cancel = clock.after(PATIENCE_MS, () => done(error));
      socket.once("close", cancel);
    };
  };
  const write = socket._write.bind(socket);
  socket._write = (chunk: unknown, encoding, done) => write(chunk, encoding, patiently(done));
  const writev = socket._writev?.bind(socket);
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, patiently(done));
}
