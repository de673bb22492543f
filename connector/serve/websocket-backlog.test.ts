import { once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { expect, it } from "vitest";
import { memoryOf } from "../../test/support/memory.ts";
import type { Stream } from "../../shared/mux/index.ts";
import { nodeClock } from "../platform/index.ts";
import type { ServeDeps } from "./serve-http.ts";
import { WebSocketStream } from "./serve-websocket.ts";

/** An upstream that has accepted the WebSocket and reads nothing. */
function silentUpstream(): Socket {
  const socket = new Duplex({ read() {}, write() {} });
  return Object.assign(socket, { setNoDelay: () => socket }) as unknown as Socket;
}

it("takes no more small messages for an upstream that reads nothing than it has memory for", async () => {
  let taken = 0;
  const stream = {
    open: { kind: "websocket", service: "api", fields: [] },
    closed: true,
    closeFrame: null,
    readEnded: false,
    release() {},
    sendHead() {},
    expect() {},
    reset() {},
    readMessage() {
      taken++;
      return { bytes: Uint8Array.of(1), text: false, more: false };
    },
  };
  const deps = {
    ...{ memory: memoryOf(), clock: nodeClock, trace: () => null, onFinished() {} },
    reportFault(_: unknown, thrown: unknown) {
      throw thrown;
    },
  };
  const handler = new WebSocketStream(stream as unknown as Stream, deps as unknown as ServeDeps);
  // It dials for a stream that is open. This one opens when the upstream has accepted.
  await Promise.resolve();
  stream.closed = false;
  const socket = silentUpstream();
  handler.onAccepted({ socket, behind: Buffer.alloc(0), reason: "", fields: [], isPinged: false });
  // Each of them is an object in the socket's queue: by their bytes alone, there would be 37,000.
  expect(taken).toBeGreaterThan(500);
  expect(taken).toBeLessThan(5_000);
  stream.closed = true;
  const isClosed = once(socket, "close");
  socket.destroy();
  await isClosed;
});
