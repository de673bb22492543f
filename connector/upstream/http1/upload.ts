import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Clock } from "../../../shared/time/clock.ts";
import type { MemoryAccount } from "../../../shared/memory/memory-budget.ts";
import type { UploadProgress } from "../lease.ts";
import { bodyFraming, type RequestHead } from "./request.ts";
import { guarded, type OnFault } from "../../platform/index.ts";
import { HeldBytes, SOCKET_PIECE_BYTES } from "../held-bytes.ts";
import { isLate, wrongLength } from "../upload-stream.ts";

/** A server may need the whole request before it ends its answer. If no more of the answer comes for so long, the upload goes on. */
const HOLD_MS = 1_000;

export interface UploadEvents {
  onRequestSent(): void;
  /** The request can no longer be completed. */
  onUploadError(error: Error): void;
}

/** Sends a request whose body arrives piece by piece, as fast as the socket accepts it, and never more than was declared. */
export class Upload implements UploadProgress {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #head: RequestHead;
  readonly #clock: Clock;
  readonly #events: UploadEvents;
  readonly #onFault: OnFault;
  readonly #unsent: HeldBytes;
  readonly #onDrain: () => void;
  #headSent = false;
  #sentBytes = 0;
  #over = false;
  #blocked = false;
  /** Null: the upload is not paused. */
  #cancelHold: (() => void) | null = null;
  #movedAtMs: number;

  constructor(
    socket: Socket,
    body: Readable,
    head: RequestHead,
    clock: Clock,
    onFault: OnFault,
    events: UploadEvents,
    memory: MemoryAccount,
  ) {
    this.#socket = socket;
    this.#body = body;
    this.#head = head;
    this.#clock = clock;
    this.#movedAtMs = clock.nowMs();
    this.#events = events;
    this.#onFault = onFault;
    this.#unsent = new HeldBytes(memory);
    const onDrain = (): void => {
      this.#movedAtMs = clock.nowMs();
      this.#blocked = false;
      this.#unsent.set(0);
      if (this.#cancelHold === null) body.resume();
    };
    this.#onDrain = guarded(onDrain, onFault);
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  start(): void {
    const body = this.#body;
    const onFault = this.#onFault;
    const onData = (chunk: Buffer | string): void => this.#onData(chunk);
    const onEnd = (): void => this.#onEnd();
    const onError = (error: Error): void => this.#fail(error);
    const onClose = (): void => this.#fail(new Error("the request body was cut off"));
    body.on("data", guarded(onData, onFault));
    body.once("end", guarded(onEnd, onFault));
    // The listener stays, because a body can fail even after nobody wants it any more.
    body.on("error", guarded(onError, onFault));
    body.once("close", guarded(onClose, onFault));
    this.#socket.on("drain", this.#onDrain);
    // A body that came back from an HTTP/2 stream is paused.
    body.resume();
    // The first bytes go out with the head, unless they are not here yet.
    if (isLate(body) && !this.#over) this.#sendHead(this.#head.declaredBytes);
  }

  /**
   * Pauses the upload while an answer arrives that may make the rest unnecessary. A byte that reaches a server after it has
   * closed its end resets the connection, and the rest of the answer is lost. `isComing` is called now and then: true means that
   * more of the answer has come, so the pause goes on.
   */
  hold(isComing: () => boolean): void {
    this.#body.pause();
    this.#cancelHold?.();
    this.#cancelHold = this.#clock.after(HOLD_MS, () => {
      if (isComing()) return this.hold(isComing);
      this.#cancelHold = null;
      if (!this.#blocked) this.#body.resume();
    });
  }

  /** Sends nothing from now on, and destroys the body so that its source knows. */
  stop(): void {
    this.#end();
    this.#body.destroy();
  }

  #onData(chunk: Buffer | string): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (this.#over || bytes.byteLength === 0) return;
    const { declaredBytes } = this.#head;
    this.#sentBytes += bytes.byteLength;
    if (declaredBytes !== null && this.#sentBytes > declaredBytes) return this.#fail(wrongLength(false));
    const socket = this.#socket;
    let goOn: boolean;
    socket.cork();
    this.#sendHead(declaredBytes);
    if (declaredBytes === null) {
      socket.write(`${bytes.byteLength.toString(16)}\r\n`, "latin1");
      socket.write(bytes);
      goOn = socket.write("\r\n", "latin1");
    } else {
      goOn = socket.write(bytes);
    }
    socket.uncork();
    this.#movedAtMs = this.#clock.nowMs();
    this.#blocked = !goOn;
    if (goOn) return;
    this.#body.pause();
    this.#unsent.set(SOCKET_PIECE_BYTES);
  }

  #onEnd(): void {
    if (this.#over) return;
    const { declaredBytes } = this.#head;
    if (declaredBytes !== null && this.#sentBytes < declaredBytes) return this.#fail(wrongLength(false));
    this.#end();
    const chunked = this.#headSent && declaredBytes === null;
    this.#sendHead(0);
    if (chunked) this.#socket.write("0\r\n\r\n", "latin1");
    this.#events.onRequestSent();
  }

  #sendHead(lengthBytes: number | null): void {
    if (this.#headSent) return;
    this.#headSent = true;
    const { text, expectsBody } = this.#head;
    this.#socket.write(text + bodyFraming(lengthBytes, expectsBody), "latin1");
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.stop();
    this.#events.onUploadError(error);
  }

  #end(): void {
    this.#over = true;
    this.#unsent.set(0);
    this.#cancelHold?.();
    this.#socket.off("drain", this.#onDrain);
  }
}
