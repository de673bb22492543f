/*
 * One stream of the relay, served: an HTTP exchange, a WebSocket or a TCP connection.
 *
 * Each kind joins a stream of `shared/mux` with an exchange of `connector/upstream`, and passes on credit both ways: it reads from one
 * side only as much as the other side takes. A stream ends exactly once, with one record for metrics, log and trace. An exception in
 * one stream ends that stream alone.
 *
 * Begin with `serve-stream.ts` (which kind is served by whom), then `serve-http.ts`. docs/protocol.md#streams is the contract;
 * decision 0031 is about exceptions, 0041 about WebSockets, 0045 about TCP.
 */
export type { ServeDeps } from "./serve-http.ts";
export { serveStream } from "./serve-stream.ts";
