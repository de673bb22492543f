/*
 * One request, WebSocket or TCP connection on its way from a gateway through the tunnel.
 *
 * Bodies are read on demand, so nothing is kept beyond one window. A failure is always an answer with a code, never an exception. A
 * request is sent to another connector only while it surely was not processed, or where doing it twice does no harm. Fields that
 * say who is calling come from the relay and never from the request.
 *
 * Begin with `relay-request.ts`, then `exchange.ts` (one attempt) and `request-head.ts`; `websocket/` and `tcp/` are the other two
 * kinds. docs/protocol.md#streams; decisions 0007, 0013, 0029, 0032 and 0033.
 */
export { closeCodeOf, closeSocket } from "./close-socket.ts";
export { GatewayWatch } from "./gateway-watch.ts";
export { OpenExchanges } from "./open-exchanges.ts";
export { relayRequest, type RelayDeps } from "./relay-request.ts";
export { isWebSocket, rawPath, withoutQuery } from "./request-head.ts";
