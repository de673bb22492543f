import { once } from "node:events";
import { WebSocket } from "ws";

/** A client of V8's inspector in another process (Chrome DevTools Protocol). */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #wakeUpUrl: string;
  #lastId = 0;

  private constructor(socket: WebSocket, wakeUpUrl: string) {
    this.#socket = socket;
    this.#wakeUpUrl = wakeUpUrl;
  }

  /** `wakeUpUrl`: a request to it makes the isolate run, because workerd's isolates only read messages while they run. */
  static async open(url: string, wakeUpUrl: string): Promise<Inspector> {
    const socket = new WebSocket(url, { maxPayload: 0 });
    await once(socket, "open");
    return new Inspector(socket, wakeUpUrl);
  }

  call(method: string, params = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise((done) => {
      const listen = (data: Buffer): void => {
        const message = JSON.parse(data.toString("utf8")) as { id?: number; result?: unknown };
        if (message.id !== id) return;
        this.#socket.off("message", listen);
        done(message.result);
      };
      this.#socket.on("message", listen);
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    const wakeUp = fetch(`${this.#wakeUpUrl}/bytes/0`).then((response) => response.arrayBuffer());
    // The process may end while this is under way.
    wakeUp.catch(() => {});
    return answer;
  }

  close(): void {
    this.#socket.terminate();
  }
}
