/**
 * `culvert-tunnel/connector`: lets an API process be its own connector, without a second container. It dials the relay and
 * serves what its `allow` names; the allowlist is as strict as in `culvert connect`.
 */
export {
  type ConnectorOptions,
  type LogEntry,
  type RunningConnector,
  startConnector,
} from "./start-connector.ts";
