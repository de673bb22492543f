/*
 * The base: Node's clock, the log, file descriptors, sockets that keep a peer's last bytes, and what an unexpected exception ends.
 *
 * Everything else in the connector may import this; this imports nothing of the connector. An exception ends the exchange or the
 * connection that it came from, never the process. Logging never blocks: if nobody reads the log, lines are dropped and counted.
 *
 * Begin with `faults.ts` (what an exception ends) and `log-sink.ts`. Decision 0031; decision 0050 for `patient-reads.ts` and
 * `patient-writes.ts`.
 */
export { upstreamCloseCode, fittingReason, sendableCloseCode } from "./close-code.ts";
export { isOwnWant, keepDescriptors, mayOpenSocket, outOfDescriptors } from "./descriptors.ts";
export {
  FAULT_SCOPES,
  Faults,
  failureOf,
  faultError,
  guardFor,
  guarded,
  guardedClock,
  type FaultScope,
  type OnFault,
  type ReportFault,
} from "./faults.ts";
export { metricsAddresses, parseListenAddress, type ListenAddress } from "./listen-address.ts";
export { LOG_LEVELS, coloursWanted, createLog, type LogLevel, type Logger } from "./log.ts";
export { nodeClock } from "./node-clock.ts";
export { areFields, parseOtlpEndpoint, parseOtlpHeaders, type OtlpSettings } from "./otlp-settings.ts";
export { readUpToReset, type ReadSide } from "./patient-reads.ts";
export { waitForReadingSide } from "./patient-writes.ts";
export { processMemory } from "./process-memory.ts";
