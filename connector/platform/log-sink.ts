import { constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";
import { Socket } from "node:net";

/** A write for each line would be a fifth of what a small request costs here. */
const BATCH_BYTES = 8 * 1024;
const BATCH_MS = 100;
/** When nobody reads what is written, lines beyond this are dropped: better than the process. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How soon to try again where the reader has no room. */
const RETRY_MS = 50;
/** What waits is still written at exit, for at most so long. */
const EXIT_FLUSH_MS = 1_000;
const EXIT_RETRY_MS = 10;

/** Writes what it can of these bytes and returns how many that were; 0: no room now. Throws when it never will. */
export type WriteSome = (bytes: Uint8Array) => number;

/**
 * Takes log lines and never holds up the process, whatever becomes of their reader: a full disk, a pipe that nobody
 * reads, a terminal stopped with Ctrl-S. Lines that find no room are dropped and counted.
 */
export class LogSink {
  /** Lines that were not written, or not wholly. */
  droppedLines = 0;
  readonly #write: WriteSome;
  #batch: string[] = [];
  #batchBytes = 0;
  /** What the reader had no room for, and how many lines end in it. */
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

  /** As `flush`, but waits for the reader a little: nothing comes after this. */
  flushAtExit(): void {
    const deadlineMs = performance.now() + EXIT_FLUSH_MS;
    for (;;) {
      this.flush();
      if (this.#backlog.length === 0 || performance.now() >= deadlineMs) break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_RETRY_MS);
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Leaves unwritten what waits. */
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

/** Standard output, so that a write never blocks: neither the event loop nor a thread that exit would wait for. */
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
 * Terminals and pipes are opened anew: O_NONBLOCK belongs to the open file, which other processes share as their own
 * standard output. Files stay as they are, since a second opening would not know that they are appended to.
 */
function unblocked(stdout: Stats): number {
  if (!stdout.isFIFO() && !stdout.isCharacterDevice()) return 1;
  try {
    return openSync("/dev/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's terminal, as after `su`, or no /dev: written as it is.
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
