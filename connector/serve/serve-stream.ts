import type { Stream, StreamHandler } from "../../shared/mux/stream.ts";
import { HttpStream, type ServeDeps } from "./serve-http.ts";
import { RequestMeter } from "../telemetry/request-summary.ts";
import { WebSocketStream } from "./serve-websocket.ts";

/** Who serves a stream of which kind. */
export function serveStream(stream: Stream, deps: ServeDeps): StreamHandler {
  switch (stream.open.kind) {
    case "http":
      return new HttpStream(stream, deps);
    case "websocket":
      return new WebSocketStream(stream, deps);
    case "tcp":
      return refuse(stream, deps);
  }
}

/** Raw TCP has its place in the protocol and none here. */
function refuse(stream: Stream, { clock, onFinished }: ServeDeps): StreamHandler {
  const record = new RequestMeter(stream.open, clock);
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
