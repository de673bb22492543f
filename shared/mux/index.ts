/*
 * Streams on one message connection: their states, credit in two levels, the order of sending, abuse budgets, keepalive.
 *
 * One implementation for both ends. Credit of a stream returns when its owner has read; credit of the connection when a
 * message has arrived, so that no stalled stream stops the others. Control frames go first, then heads, then data in turns.
 * Time comes in as a `Clock`, the connection as a `Transport`: nothing here knows a platform.
 *
 * Begin with `stream.ts` (what an owner sees) and `stream-state.ts` (the diagram), then `mux.ts`, `relay-mux.ts` and
 * `connector-mux.ts`. docs/protocol.md is normative; decisions 0003, 0005, 0015 and 0021.
 */
export { ConnectorMux } from "./connector-mux.ts";
export { ReceiveQueue } from "./receive-queue.ts";
export { RelayMux } from "./relay-mux.ts";
export type { ConnectionRest, StreamRest } from "./rest.ts";
export type { Stream, StreamHandler } from "./stream.ts";
