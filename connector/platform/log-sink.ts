import { constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";
import { Socket } from "node:net";

/** Lines are written in batches, because a write for each line would be a fifth of a small request's cost. */
const BATCH_BYTES = 8 * 1024;
const BATCH_MS = 100;
/** If nobody reads the log, lines beyond this are dropped, which is better than running out of memory. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How soon to try again if the reader has no room. */
const RETRY_MS = 50;
/** How long waiting lines may still be written at exit. */
const EXIT_FLUSH_MS = 1_000;
const EXIT_RETRY_MS = 10;

/** Writes as many of these bytes as it can, and returns how many; 0: no room now. Throws if it can never write. */
export type WriteSome = (bytes: Uint8Array) => number;

/**
 * Accepts log lines and never blocks the process, whatever happens to the reader: a full disk, a pipe that nobody reads, a terminal stopped
 * with Ctrl-S. Lines without room are dropped and counted.
 */
export class LogSink {
  /** Lines that were not written, or not wholly. */
  droppedLines = 0;
  readonly #write: WriteSome;
  #batch: string[] = [];
  #batchBytes = 0;
  /** Bytes for which the reader had no room, and how many lines end in them. */
  #backlog: Buffer = Buffer.alloc(0);
  #backlogLines = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(write: WriteSome) {
    this.#write = write;
  }

  /** Each line ends with a line end. */
  write(line: string): void {
    if (this.#batchBytes + this.#backlog.length + line.length > MAX_WAITING_BYTES) {
      this.droppedLines++;
      return;
    }
    this.#batch.push(line);
    this.#batchBytes += line.length;
    if (this.#batchBytes >= BATCH_BYTES && this.#backlog.length === 0) this.flush();
    else this.#later(this.#backlog.length === 0 ? BATCH_MS : RETRY_MS);
  }

  /** Writes as much as there is room for. */
  flush(): void {
    if (this.#batch.length > 0) {
      const text = Buffer.from(this.#batch.join(""));
      this.#backlog = this.#backlog.length === 0 ? text : Buffer.concat([this.#backlog, text]);
      this.#backlogLines += this.#batch.length;
      this.#batch = [];
      this.#batchBytes = 0;
    }
    while (this.#backlog.length > 0) {
      let written: number;
      try {
        written = this.#write(this.#backlog);
      } catch {
        return this.#drop();
      }
      if (written === 0) return this.#later(RETRY_MS);
      this.#written(written);
    }
  }

  /** As `flush`, but waits a little for the reader, because this is the last flush. */
  flushAtExit(): void {
    const deadlineMs = performance.now() + EXIT_FLUSH_MS;
    for (;;) {
      this.flush();
      if (this.#backlog.length === 0 || performance.now() >= deadlineMs) break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_RETRY_MS);
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Gives up the waiting lines. */
  abandon(): void {
    this.#batch = [];
    this.#batchBytes = 0;
    this.#drop();
  }

  #written(byteCount: number): void {
    for (let end = this.#backlog.indexOf(10); end !== -1 && end < byteCount;) {
      this.#backlogLines--;
      end = this.#backlog.indexOf(10, end + 1);
    }
    this.#backlog = this.#backlog.subarray(byteCount);
  }

  #drop(): void {
    this.droppedLines += this.#backlogLines;
    this.#backlog = Buffer.alloc(0);
    this.#backlogLines = 0;
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, ms).unref();
  }
}

/** Standard output without blocking writes, neither of the event loop nor of a thread for which exit would wait. */
export function standardOutput(): WriteSome {
  const stdout = fstatSync(1);
  if (stdout.isSocket()) return socketWriter();
  const fd = unblocked(stdout);
  return (bytes) => {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
      throw error;
    }
  };
}

/**
 * Terminals and pipes are opened again, because O_NONBLOCK belongs to the open file, which other processes share as their standard output.
 * Files stay as they are, because a second opening would not append.
 */
function unblocked(stdout: Stats): number {
  if (!stdout.isFIFO() && !stdout.isCharacterDevice()) return 1;
  try {
    return openSync("/dev/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's terminal, as after `su`, or no /dev: use it as it is.
    return 1;
  }
}

/** A socket (systemd's journal) can't be opened anew; Node's own streams do not block on it. */
function socketWriter(): WriteSome {
  const socket = new Socket({ fd: 1, readable: false, writable: true });
  socket.unref();
  let failure: Error | null = null;
  socket.on("error", (error) => (failure = error));
  return (bytes) => {
    if (failure !== null) throw failure;
    if (socket.writableNeedDrain) return 0;
    socket.write(bytes);
    return bytes.length;
  };
}
