import type { Goaway } from "../protocol/index.ts";
import type { MuxStream } from "./mux-stream.ts";

/** What the two ends of a connection do differently: `RelayMux` opens streams, `ConnectorMux` serves them. `Mux` calls these. */
export abstract class MuxEnd {
  /** How long a window may stay shut where the stream's service does not say. */
  protected abstract get stallTimeoutMs(): number;

  /** Streams are numbered anew in each. */
  abstract get epochNumber(): number;

  /** Frames that only one end takes, and all frames outside of the ready state. True: done with it. */
  protected abstract intercept(type: number, flags: number, streamId: number, payload: Uint8Array): boolean;
  /** Has a stream of this id ever been opened in this epoch? */
  protected abstract wasOpened(streamId: number): boolean;
  /** Frames of streams that this end refused by its GOAWAY are ignored. */
  protected abstract isRefused(streamId: number): boolean;
  protected abstract lastTakenStreamId(): number;
  protected abstract goawayReceived(goaway: Goaway): void;
  /** Credit of this end's own kind, before a message is put together. */
  protected abstract queueStreamsCredit(): void;
  /** Something of this stream went in or out, or its window changed. */
  protected abstract streamTouched(stream: MuxStream): void;
  /** The stream is no longer among those of the epoch. */
  protected abstract streamGone(stream: MuxStream): void;
  /** A message has been taken in, or all that may leave has left. */
  protected abstract turnEnded(): void;
  /** The connection is over, its streams are gone. */
  protected ended(): void {}
  /** A stream's upstream work is gone. */
  abstract released(stream: MuxStream): void;
}
