import { WebSocket } from "ws";

export type ConversationName = "answers" | "uploads" | "websockets" | "cancels";

/** The gateway's requests in one conversation. They are the same when it is recorded and when it is replayed. */
export function converse(
  name: ConversationName,
  url: (path: string) => string,
): { finished: Promise<unknown>; abandon(): void } {
  const cancelling = new AbortController();
  const { signal } = cancelling;
  const get = (path: string) => fetch(url(path), { signal }).then((response) => response.arrayBuffer());
  const post = (path: string, bytes: number) =>
    fetch(url(path), { method: "POST", body: Buffer.alloc(bytes, "upload "), signal }).then((response) =>
      response.arrayBuffer(),
    );
  const parts: Record<ConversationName, () => Promise<unknown>[]> = {
    answers: () => [
      get("/work?id=a1&bytes=10&length"),
      get("/work?id=a2&bytes=3000"),
      get("/work?id=a3&bytes=9000&drip"),
      get("/work?id=a4&bytes=0&length"),
    ],
    uploads: () => [post("/work?id=u1&bytes=5", 10), post("/work?id=u2&bytes=200", 80_000)],
    websockets: () => [
      echo(url("/echo?1"), 6, signal),
      echo(url("/echo?2"), 3, signal),
      get("/work?id=w1&bytes=50"),
    ],
    cancels: () => [
      cancelledSoon(get("/work?id=c1&bytes=40000&drip"), cancelling),
      get("/work?id=c2&bytes=20000&drip"),
    ],
  };
  return {
    finished: Promise.allSettled(parts[name]()),
    abandon: () => cancelling.abort(),
  };
}

async function cancelledSoon(call: Promise<unknown>, cancelling: AbortController): Promise<unknown> {
  setTimeout(() => cancelling.abort(), 30);
  return call;
}

/** Sends this many messages, each after the echo of the previous one, and closes. */
function echo(url: string, count: number, signal: AbortSignal): Promise<unknown> {
  const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: false });
  socket.on("error", () => {});
  socket.on("unexpected-response", () => socket.terminate());
  signal.addEventListener("abort", () => socket.terminate());
  let left = count;
  const next = (): void => (left-- > 0 ? socket.send(`message ${left}`) : socket.close(1000, "done"));
  socket.on("open", next);
  socket.on("message", next);
  const hangUp = setInterval(() => socket.readyState === socket.CLOSING && socket.terminate(), 20);
  return new Promise<void>((resolve) => socket.on("close", () => resolve())).finally(() =>
    clearInterval(hangUp),
  );
}
