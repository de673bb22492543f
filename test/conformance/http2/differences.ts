export interface Difference {
  clients: readonly ("node" | "undici" | "curl")[];
  names: readonly string[];
  outcome: string;
  /** Why it stays different here. */
  reason: string;
}

/** Where other clients get another outcome. undici uses Node's HTTP/2. Both, and curl, use nghttp2. */
export const differences: readonly Difference[] = [
  {
    clients: ["node", "undici"],
    names: ["a PING answer that nobody asked for"],
    outcome: "error",
    reason: "Node ends the connection; nothing is ambiguous about one",
  },
  {
    clients: ["node", "undici", "curl"],
    names: ["a Content-Length that says the same twice, in two fields and in a list"],
    outcome: "error",
    reason: "nghttp2 refuses repetition; RFC 9110 §8.6 lets a recipient take one of them",
  },
  {
    clients: ["node", "undici"],
    names: ["256 fields"],
    outcome: "error",
    reason: "Node takes 127 unless `maxHeaderListPairs` says otherwise",
  },
  {
    clients: ["curl"],
    names: ["257 fields"],
    outcome: "200 body",
    reason: "curl does not count them; 256 is what the tunnel carries",
  },
  {
    clients: ["node", "undici", "curl"],
    names: ["a head over 32 KiB"],
    outcome: "200 body",
    reason: "each has a limit of its own",
  },
  {
    clients: ["node", "undici"],
    names: ["GOAWAY with an error before it, that names this stream as the last"],
    outcome: "error",
    reason: "Node gives up what the server says to have taken, and goes on to answer (RFC 9113 §6.8)",
  },
  {
    clients: ["node"],
    names: ["a reset with code 0 in place of a head", "a reset with code 8 in place of a head"],
    outcome: "nothing",
    reason: "Node closes the stream without a response and without an error",
  },
  {
    clients: ["node", "undici"],
    names: ["a reset with code 0 within the body", "a reset with code 8 within the body"],
    outcome: "200 half",
    reason: "a reset looks like an end to Node: it does not tell END_STREAM from NO_ERROR",
  },
  {
    clients: ["node", "undici"],
    names: ["a reset behind all that Content-Length says, without END_STREAM"],
    outcome: "200 body",
    reason: "a reset looks like an end to Node: it does not tell END_STREAM from NO_ERROR",
  },
  {
    clients: ["node", "undici", "curl"],
    names: ["a head that ends it, with a Content-Length"],
    outcome: "error",
    reason: "they hide the head of a body that breaks off",
  },
  {
    clients: ["curl"],
    names: [
      "GOAWAY behind the head, that says it was not processed",
      "a refusal behind the head: it was processed",
      "a reset with code 0 within the body",
      "a reset with code 2 within the body",
      "a reset with code 8 within the body",
      "a reset behind all that Content-Length says, without END_STREAM",
      "a body that is shorter than its Content-Length",
      "a body that is longer than its Content-Length",
      "an answer to HEAD with a body",
      "a 204 with a body",
      "trailers that do not end it",
      "trailers with a status",
    ],
    outcome: "error",
    reason: "curl hides a head that came in one read with what is wrong behind it",
  },
  {
    clients: ["node", "undici"],
    names: [
      "a head with a name with a blank",
      "a head with a name without characters",
      "a head with a line break in a value",
      "a head with a NUL in a value",
    ],
    outcome: "200 body",
    reason: "Node drops the field, and passes on a message that RFC 9113 §8.1.1 says to be malformed",
  },
  {
    clients: ["node", "undici"],
    names: ["informational responses without end"],
    outcome: "nothing",
    reason: "they read them for ever",
  },
  {
    clients: ["curl"],
    names: ["more padding than there is room for"],
    outcome: "nothing",
    reason: "curl waits for more; RFC 9113 §6.1 ends the connection",
  },
  {
    clients: ["curl"],
    names: ["DATA without bytes, without end"],
    outcome: "nothing",
    reason: "curl reads it for ever",
  },
  {
    clients: ["node", "undici", "curl"],
    names: ["a push"],
    outcome: "nothing",
    reason: "they permit them and wait for what follows; ours has said that it takes none",
  },
  {
    clients: ["node", "undici"],
    names: ["PRIORITY of the connection"],
    outcome: "nothing",
    reason: "Node looks at no PRIORITY at all",
  },
];

/** This client's outcome of a case; null: as in the table. */
export function differenceOf(client: string, name: string): string | null {
  const of = ({ clients, names }: Difference) =>
    clients.some((one) => one === client) && names.includes(name);
  return differences.find(of)?.outcome ?? null;
}
