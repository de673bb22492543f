/**
 * `culvert-tunnel/connector`: an API process that is its own connector, without a second container. It dials out to the
 * relay and answers for what its `allow` names; the allowlist is as strict as in `culvert connect`.
 */
export {
  type ConnectorOptions,
  type LogEntry,
  type RunningConnector,
  startConnector,
} from "./start-connector.ts";
