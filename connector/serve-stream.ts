import type { Stream, StreamHandler } from "../shared/mux/stream.ts";
import { RelayStream, type RelayDeps } from "./relay-stream.ts";
import { RequestRecord } from "./request-record.ts";
import { UpstreamWebSocket } from "./upstream-websocket.ts";

/** Who serves a stream of which kind. */
export function serveStream(stream: Stream, deps: RelayDeps): StreamHandler {
  switch (stream.open.kind) {
    case "http":
      return new RelayStream(stream, deps);
    case "websocket":
      return new UpstreamWebSocket(stream, deps);
    case "tcp":
      return refuse(stream, deps);
  }
}

/** Raw TCP has its place in the protocol and none here. */
function refuse(stream: Stream, { clock, onFinished }: RelayDeps): StreamHandler {
  const record = new RequestRecord(stream.open, clock);
  queueMicrotask(() => {
    stream.reset("BAD_REQUEST", "this connector serves no TCP streams", { notProcessed: true });
    stream.release();
  });
  return {
    onReadable() {},
    onWritable() {},
    onClosed: (error) => onFinished(record.finish(error?.code ?? null), error),
  };
}
