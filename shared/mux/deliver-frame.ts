import { decodeReset, FLAG, FRAME, type Frame, connectionError, TunnelError } from "../protocol/index.ts";
import type { MuxStream } from "./mux-stream.ts";

/** Hands a frame to the stream that it is for. */
export function deliverFrame(stream: MuxStream, type: number, flags: number, payload: Uint8Array): void {
  switch (type) {
    case FRAME.HEAD:
      return stream.receiveHead(payload, flags);
    case FRAME.DATA:
      return stream.receiveData(payload, flags);
    case FRAME.TRAILERS:
      return stream.receiveTrailers(payload);
    case FRAME.RESET: {
      const { code, detail } = decodeReset(payload);
      const notProcessed = (flags & FLAG.NOT_PROCESSED) !== 0;
      return stream.receiveReset(new TunnelError(code, detail, { notProcessed }));
    }
    case FRAME.STOP:
      return stream.receiveStop();
    case FRAME.WSMSG:
      return stream.receiveMessage(payload, flags);
    case FRAME.WSCLOSE:
      return stream.receiveClose(payload);
    default:
      throw connectionError("PROTOCOL_ERROR", `frame type ${type} for a stream`);
  }
}

/** Whether the frame counts as traffic that needs an answer. Housekeeping does not, or two quiet ends would keep each other awake. */
export function wantsAnswer({ type, flags }: Frame): boolean {
  if (type === FRAME.PING) return (flags & FLAG.ACK) === 0;
  const credit = type === FRAME.WINDOW || type === FRAME.STREAMS;
  return !credit && type !== FRAME.GOAWAY && type !== FRAME.SETTINGS;
}
