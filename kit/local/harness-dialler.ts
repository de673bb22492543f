import type { DialRelay, RelayTransport } from "../../connector/relay/index.ts";
import { encodeMessage, SUBPROTOCOL } from "../../shared/protocol/index.ts";

/** The client's side of a WebSocket, as Miniflare returns it. */
interface HarnessSocket {
  accept(): void;
  send(message: ArrayBuffer | string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { data: ArrayBuffer | string }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}

/** Asks the relay for an upgrade through the harness, without a port. */
export type Upgrade = (
  path: string,
  headers: Record<string, string>,
) => Promise<{ status: number; webSocket?: unknown }>;

/** Connects to the relay in the same harness. */
export function harnessDialler(upgrade: Upgrade, tokenText: string): DialRelay {
  return (events, object) => {
    let socket: HarnessSocket | null = null;
    let over = false;
    const lost = (reason: string): void => {
      if (over) return;
      over = true;
      events.onLost(reason);
    };
    const headers = {
      upgrade: "websocket",
      "sec-websocket-protocol": SUBPROTOCOL,
      authorization: `Bearer ${tokenText}`,
    };
    const opened = (response: { status: number; webSocket?: unknown }): void => {
      const given = response.webSocket as HarnessSocket | null | undefined;
      if (!given) {
        if (!over) events.onRefused(response.status);
        over = true;
        return;
      }
      socket = given;
      socket.addEventListener("message", ({ data }) => {
        if (over) return;
        if (typeof data === "string") events.onText(data);
        else events.onMessage(new Uint8Array(data));
      });
      socket.addEventListener("close", () => lost("the relay closed"));
      socket.addEventListener("error", () => lost("the connection failed"));
      socket.accept();
      if (over) socket.close(1001);
      else events.onOpen();
    };
    const query = object === undefined || object === null ? "" : `?object=${encodeURIComponent(object)}`;
    upgrade(`/v1/connect${query}`, headers).then(opened, (error: unknown) => lost(String(error)));
    const end = (code: number, reason: string): void => {
      over = true;
      socket?.close(code, reason);
    };
    const transport: RelayTransport = {
      send(frames) {
        if (over || socket === null) return;
        const bytes = encodeMessage(frames);
        socket.send(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
      },
      sendText(text) {
        if (!over) socket?.send(text);
      },
      close: end,
      terminate: () => end(1001, ""),
      bufferedBytes: () => 0,
    };
    return transport;
  };
}
