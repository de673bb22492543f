import type { Socket } from "node:net";

export interface ReadSide {
  /** The `end` was a reset, so the bytes before it may be incomplete. */
  readonly reset: Error | null;
}

const sides = new WeakMap<Socket, ReadSide>();

/**
 * A peer that closes with unread bytes resets the connection, after its last bytes. Node then drops what it has already read from a paused
 * socket. On this socket a reset is reported like an end: after everything that came before it.
 */
export function readUpToReset(socket: Socket): ReadSide {
  const known = sides.get(socket);
  if (known !== undefined) return known;
  const side: { reset: Error | null } = { reset: null };
  sides.set(socket, side);
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: NodeJS.ErrnoException): Socket => {
    if (error?.syscall !== "read" || socket.readableEnded || side.reset !== null) return destroy(error);
    side.reset = error;
    socket.push(null);
    // If nothing is left to read, this causes the `end` event.
    socket.read(0);
    return socket;
  };
  return side;
}
