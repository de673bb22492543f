/** Passes every request to the relay: connectors' WebSockets, the admin API, the dashboard. */
export default { fetch: (request, { RELAY }) => RELAY.fetch(request) };
