import type { Socket } from "node:net";
import type { Clock } from "../../shared/time/clock.ts";

/** Errors of a write after the peer has closed its end. */
const PEER_GONE: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET"]);
/** How long reading may make no progress. The peer's last bytes are already here, or will never come. */
const PATIENCE_MS = 1_000;

type Done = (error?: NodeJS.ErrnoException | null) => void;

/**
 * Delays the failure of a write. An upstream may refuse an upload by answering and closing without reading the rest.
 * Node destroys a socket whose write fails, with the answer still unread in the kernel. On this socket such a write
 * stays open until the reading side has come to its own end; while that is paused, it waits for its reader.
 * `onFailing` is called first.
 */
export function waitForReadingSide(socket: Socket, clock: Clock, onFailing: () => void): void {
  const patiently = (done: Done): Done => {
    return (error) => {
      if (!error || !PEER_GONE.has(error.code ?? "")) return done(error);
      onFailing();
      if (socket.readableEnded) return done(error);
      let cancel = (): void => {};
      const wait = (): void => {
        const { bytesRead } = socket;
        cancel = clock.after(PATIENCE_MS, () => {
          if (socket.isPaused() || socket.bytesRead > bytesRead) wait();
          else giveUp();
        });
      };
      const giveUp = (): void => {
        cancel();
        socket.off("end", giveUp);
        done(error);
      };
      wait();
      socket.once("end", giveUp);
      socket.once("close", () => cancel());
    };
  };
  const write = socket._write.bind(socket);
  socket._write = (chunk: unknown, encoding, done) => write(chunk, encoding, patiently(done));
  const writev = socket._writev?.bind(socket);
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, patiently(done));
}
