/*
 * Who serves a stream: HTTP, WebSocket or TCP. The connector's mux calls it for each stream that the relay opens.
 *
 * Whatever a handler throws ends its own stream, with a code, and never reaches the connection that carries all the others.
 *
 * docs/protocol.md#kinds; decision 0031.
 */
import type { Stream, StreamHandler } from "../../shared/mux/index.ts";
import type { TunnelError } from "../../shared/protocol/index.ts";
import { failureOf, guardFor } from "../platform/index.ts";
import { RequestMeter } from "../telemetry/index.ts";
import { HttpStream, type ServeDeps } from "./serve-http.ts";
import { TcpStream } from "./serve-tcp.ts";
import { WebSocketStream } from "./serve-websocket.ts";
import { endingStream } from "./stream-fault.ts";

const StreamHandlerGuard = guardFor<StreamHandler>({
  onHead: true,
  onReadable: true,
  onWritable: true,
  onStop: true,
  onRest: true,
  onGraceOver: true,
  onClosed: true,
});

/** Serves a stream. An exception in its handlers ends this stream and never reaches the connection that carries it. */
export function serveStream(stream: Stream, deps: ServeDeps): StreamHandler {
  try {
    return new StreamHandlerGuard(handlerFor(stream, deps), endingStream(stream, deps.reportFault));
  } catch (thrown) {
    return refusal(
      stream,
      deps,
      failureOf(thrown, (fault) => deps.reportFault("exchange", fault)),
    );
  }
}

/** The handler for the stream's kind. */
function handlerFor(stream: Stream, deps: ServeDeps): StreamHandler {
  switch (stream.open.kind) {
    case "http":
      return new HttpStream(stream, deps);
    case "websocket":
      return new WebSocketStream(stream, deps);
    case "tcp":
      return new TcpStream(stream, deps);
  }
}

function refusal(stream: Stream, { clock, onFinished }: ServeDeps, why: TunnelError): StreamHandler {
  const record = new RequestMeter(stream.open, clock);
  queueMicrotask(() => {
    stream.reset(why.code, why.message, { notProcessed: true });
    stream.release();
  });
  return {
    onReadable() {},
    onWritable() {},
    onClosed: (error) => onFinished(record.finish(error?.code ?? null), error),
  };
}
