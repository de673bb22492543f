import {
  CODE,
  HTTP2_FLAG,
  HTTP2_FRAME,
  FRAME_HEAD_BYTES,
  frameHead,
  Http2ConnectionError,
} from "./frames.ts";

/** Counts the frames' headers too, which also limits empty frames. A head that is accepted is far smaller. */
const MAX_BLOCK_BYTES = 128 * 1024;

/** An incomplete header block. Only its continuation may follow (RFC 9113 §6.10). */
export class HeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly #parts: Buffer[] = [];
  #cost = 0;

  constructor(streamId: number, endStream: boolean) {
    this.streamId = streamId;
    this.endStream = endStream;
  }

  add(part: Buffer): void {
    this.#cost += FRAME_HEAD_BYTES + part.byteLength;
    if (this.#cost > MAX_BLOCK_BYTES) {
      throw new Http2ConnectionError(CODE.ENHANCE_YOUR_CALM, "the response head is too large");
    }
    // A copy, because a view would keep the whole buffer alive.
    this.#parts.push(Buffer.from(part));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** The frames of a header block, which must not be interleaved with others. */
export function headerFrames(
  streamId: number,
  block: Buffer,
  endStream: boolean,
  maxFrameBytes: number,
): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    const part = block.subarray(at, at + maxFrameBytes);
    const first = at === 0;
    at += part.byteLength;
    const flags =
      (first && endStream ? HTTP2_FLAG.END_STREAM : 0) |
      (at >= block.byteLength ? HTTP2_FLAG.END_HEADERS : 0);
    parts.push(
      frameHead(part.byteLength, first ? HTTP2_FRAME.HEADERS : HTTP2_FRAME.CONTINUATION, flags, streamId),
      part,
    );
  } while (at < block.byteLength);
  return Buffer.concat(parts);
}
