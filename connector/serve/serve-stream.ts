import type { Stream, StreamHandler } from "../../shared/mux/stream.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { failureOf, guardFor } from "../platform/faults.ts";
import { RequestMeter } from "../telemetry/request-summary.ts";
import { HttpStream, type ServeDeps } from "./serve-http.ts";
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

/** Serves a stream. What is thrown meanwhile ends it, and never reaches the connection that carries it. */
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

/** Who serves a stream of which kind. */
function handlerFor(stream: Stream, deps: ServeDeps): StreamHandler {
  switch (stream.open.kind) {
    case "http":
      return new HttpStream(stream, deps);
    case "websocket":
      return new WebSocketStream(stream, deps);
    case "tcp":
      // Raw TCP has its place in the protocol and none here.
      throw new TunnelError("BAD_REQUEST", "this connector serves no TCP streams");
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
