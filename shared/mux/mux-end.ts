import type { Goaway } from "../protocol/index.ts";
import type { MuxStream } from "./mux-stream.ts";

/** What the two ends of a connection do differently: `RelayMux` opens streams, `ConnectorMux` serves them. `Mux` calls these. */
export abstract class MuxEnd {
  /** How long a window may stay closed if the stream's service does not say. */
  protected abstract get stallTimeoutMs(): number;

  /** The current epoch. Streams are numbered anew in each. */
  abstract get epochNumber(): number;

  /** Handles frames that only one end receives, and all frames outside of the ready state. True: the frame is handled. */
  protected abstract intercept(type: number, flags: number, streamId: number, payload: Uint8Array): boolean;
  /** Has a stream of this id ever been opened in this epoch? */
  protected abstract wasOpened(streamId: number): boolean;
  /** Frames of streams that this end refused by its GOAWAY are ignored. */
  protected abstract isRefused(streamId: number): boolean;
  protected abstract lastTakenStreamId(): number;
  protected abstract goawayReceived(goaway: Goaway): void;
  /** Called before a message is assembled, so that this end can add its own credit frames. */
  protected abstract queueStreamsCredit(): void;
  /** A frame of this stream came or was sent, or its window changed. */
  protected abstract streamTouched(stream: MuxStream): void;
  /** The stream was removed from the epoch. */
  protected abstract streamGone(stream: MuxStream): void;
  /** A message was received completely, or everything that may be sent was sent. */
  protected abstract turnEnded(): void;
  /** The connection is over, its streams are gone. */
  protected ended(): void {}
  /** A stream's upstream work is gone. */
  abstract released(stream: MuxStream): void;
}
