import type { Socket } from "node:net";

export interface ReadSide {
  /** Its `end` was a reset: nothing says that what came before is whole. */
  readonly reset: Error | null;
}

const sides = new WeakMap<Socket, ReadSide>();

/**
 * A peer that closes with something unread resets the connection, behind its last words. Node drops what it has read by
 * then of a paused socket. On this socket a reset is told as an end is: behind everything that came before it.
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
    // With nothing left to hand on, this is what tells of the end.
    socket.read(0);
    return socket;
  };
  return side;
}
