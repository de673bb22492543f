import type { ConnectionStatus } from "../configuration/tunnel-config.ts";
import type { ConnectorConnection } from "./connector-connection.ts";

/** A connection's status. Null: its connector has not sent HELLO yet, or it is over. */
export function connectionStatus({
  mux,
  kid,
  connectedAtMs,
  dataCentre,
  address,
  health,
}: ConnectorConnection): ConnectionStatus | null {
  if (mux.hello === null || mux.isClosed) return null;
  const { connectorId, connectorName, softwareVersion, build, host, platform } = mux.hello;
  const load = { openStreams: mux.streamCount, maxStreams: mux.hello.maxStreams };
  const roundTripMs = Number.isFinite(mux.roundTripMs) ? mux.roundTripMs : null;
  return {
    ...{ connectorId, connectorVersion: softwareVersion, kid, connectedAtMs, dataCentre },
    ...(connectorName === undefined ? {} : { connectorName }),
    ...(build === undefined ? {} : { connectorBuild: build }),
    ...(host === undefined ? {} : { host }),
    ...(platform === undefined ? {} : { platform }),
    address,
    ...{ ...load, roundTripMs, health },
  };
}
