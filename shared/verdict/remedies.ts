/** What to do about a failure of each code, in a sentence; docs/operations.md#reading-a-failure says more. */
const REMEDIES: Readonly<Record<string, string>> = {
  NO_CONNECTOR:
    "Start a connector with this tunnel's token; the log of one that runs says why it is refused or lost.",
  OVERLOADED: "Run more connectors, and look for slow upstreams that keep streams open.",
  UNKNOWN_TUNNEL: "Check the tunnel's id in the gateway's binding or URL: it may have been deleted.",
  UNKNOWN_SERVICE: "Compare the host of the gateway's URL with the names in the services file.",
  ACCESS_DENIED: "Add this project and environment, or the path, to the service in the services file.",
  UPSTREAM_NOT_ALLOWED: "Allow the upstream on the connector, in TUNNEL_ALLOW or its settings.",
  UPSTREAM_REFUSED: "Is the API running, and reachable from the connector's host?",
  UPSTREAM_DNS: "Check the service's endpoint, and DNS where the connector runs.",
  UPSTREAM_TLS: "For a private CA set caFile of the upstream, or NODE_EXTRA_CA_CERTS on the connector.",
  UPSTREAM_PROTOCOL: "Check the API itself: its answer is not valid, or it ended too early.",
  UPSTREAM_CONNECT_TIMEOUT: "Check for a firewall between connector and upstream that drops packets.",
  UPSTREAM_RESPONSE_TIMEOUT: "Find out why the API is slow, or raise responseTimeoutMs of the service.",
  CONNECTOR_LOST:
    "Look at the connector's log and its network; whether the request was processed is not known.",
  RELAY_RESTART: "Send it again if that is safe: the tunnel's object was reset, by a deploy for instance.",
  BAD_REQUEST: "Check what the gateway sends: the tunnel cannot carry such a request.",
  BODY_TOO_LARGE: "Raise maxBodyBytes of the service, or send less.",
  URI_TOO_LONG: "Shorten the URL; older connectors accept less than newer ones.",
  FIELDS_TOO_LARGE: "Remove fields at the gateway: cookies and tokens grow.",
  LOOP_DETECTED: "The service's endpoint leads back to its gateway: change it.",
  CONNECTOR_OVERLOADED: "Raise the limit of open files of the connector's process, or run more connectors.",
  UNAUTHENTICATED: "Is the gateway's key sent as culvert-gateway-key, and was it deleted?",
  RATE_LIMITED: "Find out who sends invalid keys; a valid key passes meanwhile.",
  INTERNAL: "Look at the relay's console and the connector's log, and please report it.",
};

export function remedyOf(code: string | null): string | null {
  return code === null ? null : (REMEDIES[code] ?? null);
}
