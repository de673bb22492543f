/*
 * The way to the relay: connections that are kept, dialled anew when lost, and drained when they are to end.
 *
 * A lost connection is never resumed: its keeper makes the next one, later and later while that fails. The token travels in a
 * header and is never logged. The socket is read, and messages are written, in
 * buffers that are used again.
 *
 * Begin with `connection-keeper.ts` and `relay-connection.ts` (the states), then `dial-relay.ts`; below it the WebSocket:
 * `websocket-transport.ts`, `message-reader.ts`, `message-writer.ts`. Decisions 0022, 0024, 0027 and 0051.
 */
export { ConnectionKeeper, adviceFor } from "./connection-keeper.ts";
export { relayDialler, type RelayAddress } from "./dial-relay.ts";
export {
  WebSocketFrameReader,
  WebSocketViolation,
  type DataFrame,
  type WebSocketFrameEvents,
} from "./websocket-frame-reader.ts";
export { MessageWriter } from "./message-writer.ts";
export { ObjectAttachments, type ObjectKeeper, type ObjectSlot } from "./object-attachments.ts";
export { openRelaySocket, relayEndpoint, secureRelaySocket, type RelayEndpoint } from "./relay-socket.ts";
export type { DialRelay, RelayTransport, RelayTransportEvents } from "./relay-transport.ts";
export { CLOSE_ABNORMAL, CLOSE_NOT_UTF8, CLOSE_TOO_BIG, OPCODE } from "./websocket-frame.ts";
