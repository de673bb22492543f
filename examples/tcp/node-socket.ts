/**
 * A TCP connection through the tunnel as a stream of Node, for drivers that take one (with `nodejs_compat`):
 *
 *   postgres({ socket: () => nodeSocket(connectTcp(env.TUNNEL, "orders-db")), ssl: false, … })
 *   new pg.Client({ stream: () => nodeSocket(connectTcp(env.TUNNEL, "orders-db")), ssl: false, … })
 *   nodemailer.createTransport({ connection: nodeSocket(connectTcp(env.TUNNEL, "mail")), ignoreTLS: true, … })
 */
import { Duplex } from "node:stream";
import type { TunnelSocket } from "../../kit/gateway/index.ts";

export function nodeSocket(socket: TunnelSocket): Duplex {
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  const duplex: Duplex = new Duplex({
    allowHalfOpen: true,
    read() {
      reader.read().then(
        ({ done, value }) => {
          silence.moved();
          duplex.push(done ? null : value);
        },
        (error: Error) => void duplex.destroy(error),
      );
    },
    // Each write is awaited. This is the connection's backpressure.
    write(chunk: Uint8Array, _encoding, done) {
      silence.moved();
      void after(writer.write(chunk), done);
    },
    final: (done) => void after(writer.close(), done),
    destroy(error, done) {
      silence.set(0);
      // After both ends these calls do nothing. Before that, the upstream should see a reset.
      void after(reader.cancel(), () => {});
      void after(writer.abort(error), () => {});
      done(error);
    },
  });
  const silence = new Silence(() => duplex.emit("timeout"));
  const same = () => duplex;
  return Object.assign(duplex, {
    // `pg` calls these on a socket that it believes to have created itself.
    connect() {
      socket.opened.then(
        () => duplex.emit("connect"),
        (error: Error) => duplex.destroy(error),
      );
      return duplex;
    },
    setTimeout(ms: number, listener?: () => void) {
      silence.set(ms);
      if (listener !== undefined) duplex.once("timeout", listener);
      return duplex;
    },
    ...{ setNoDelay: same, setKeepAlive: same, ref: same, unref: same },
    ...{ readyState: "open" },
  });
}

/**
 * Implements a socket's `setTimeout`: reports when no byte has come or gone for that time. It does not end the connection.
 */
class Silence {
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ms = 0;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  /** 0 turns it off. */
  set(ms: number): void {
    this.#ms = ms;
    this.moved();
  }

  moved(): void {
    clearTimeout(this.#timer);
    if (this.#ms > 0) this.#timer = setTimeout(this.#onSilence, this.#ms);
  }
}

/** Reports the outcome through the callback that Node's streams expect. */
async function after(work: Promise<unknown>, done: (error?: Error | null) => void): Promise<void> {
  let failure: Error | null = null;
  try {
    await work;
  } catch (thrown) {
    failure = thrown as Error;
  }
  done(failure);
}
