import { once } from "node:events";
import { WebSocket } from "ws";

/** V8's inspector of another process (Chrome DevTools Protocol). */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #wakeUpUrl: string;
  #lastId = 0;

  private constructor(socket: WebSocket, wakeUpUrl: string) {
    this.#socket = socket;
    this.#wakeUpUrl = wakeUpUrl;
  }

  /** `wakeUpUrl`: an isolate of workerd takes messages only when it runs next. */
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
    // It may be ended while this is under way.
    wakeUp.catch(() => {});
    return answer;
  }

  close(): void {
    this.#socket.terminate();
  }
}
