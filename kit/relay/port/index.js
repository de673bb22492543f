/** Whatever comes is for the relay: connectors' WebSockets, the admin API, the dashboard. */
export default { fetch: (request, { RELAY }) => RELAY.fetch(request) };
