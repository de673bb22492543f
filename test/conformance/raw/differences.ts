export interface Difference {
  clients: readonly ("node" | "undici" | "curl")[];
  names: readonly string[];
  /** Why it stays different here. */
  reason: string;
}

/** Where other clients decide differently from the table of responses. */
export const differences: readonly Difference[] = [
  {
    clients: ["node", "undici", "curl"],
    names: ["status: 600", "status: 999"],
    reason: "they pass the number on; no Response of a gateway's can have it",
  },
  {
    clients: ["node"],
    names: ["status: 099", "status: 000"],
    reason: "llhttp counts any three digits; RFC 9110 §15 has statuses from 100 on",
  },
  {
    clients: ["curl"],
    names: ["status: no space before the reason", "status: two spaces before it", "version: lower case"],
    reason: "curl looks for a number and is done; RFC 9112 §4 has one form",
  },
  {
    clients: ["node", "undici", "curl"],
    names: ["version: 2.0", "a control character in the reason"],
    reason: "nobody sends them in good faith, and nothing says what they would mean",
  },
  {
    clients: ["node", "undici"],
    names: ["NUL in the reason", "first: a hundred empty lines", "first: a bare LF", "first: a bare CR"],
    reason:
      "llhttp skips any CR and LF before a response and looks at no reason; a few empty lines are enough",
  },
  {
    clients: ["curl"],
    names: ["first: an empty line", "first: two empty lines"],
    reason: "curl takes it for HTTP/0.9; Node skips it, and there is only one reading",
  },
  { clients: ["curl"], names: ["half a head"], reason: "curl takes the connection's end for the head's" },
  {
    clients: ["node", "undici"],
    names: [
      "field: a blank before the colon",
      "field: a tab before the colon",
      "field: a blank before the colon of a length",
      "coding: a blank before its colon",
    ],
    reason: "RFC 9112 §5.1 tells a proxy to remove it",
  },
  {
    clients: ["curl"],
    names: ["coding: a blank before its colon"],
    reason: "curl does not know the field then, and takes the chunks for the body: what must not happen",
  },
  {
    clients: ["undici"],
    names: ["field: blanks around the value"],
    reason: "undici refuses a tab before a length; RFC 9112 §5 has blanks there",
  },
  {
    clients: ["curl"],
    names: [
      "field: a blank in the name",
      "field: a name beyond ASCII",
      "field: a control character in the name",
      "field: a parenthesis in the name",
      "field: no name",
      "field: a control character in the value",
      "field: DEL in the value",
    ],
    reason:
      "curl prints what it got; a gateway's Headers take no such name, and RFC 9110 §5.5 leaves values to us",
  },
  {
    clients: ["curl"],
    names: ["field: folded with a space", "field: folded with a tab", "field: a folded coding"],
    reason: "RFC 9112 §5.2 leaves the choice; readers differ in where the value ends",
  },
  {
    clients: ["curl"],
    names: [
      "line: LF alone everywhere",
      "line: LF alone behind the status line",
      "line: LF alone behind a field",
      "line: LF alone for the empty line",
      "line: CR alone behind a field",
      "line: CR CR LF",
      "line: LF CR",
    ],
    reason: "RFC 9112 §2.2 leaves the choice for LF; readers differ in where a line, and so the head, ends",
  },
  {
    clients: ["curl"],
    names: ["head: 20,000 fields"],
    reason: "curl has room for 300 KiB; a head here is bounded",
  },
  {
    clients: ["node"],
    names: ["length: more comes than it says", "HEAD: a body all the same", "204: a body all the same"],
    reason: "Node sees what stands behind before the response is told; the response itself is whole",
  },
  {
    clients: ["node", "undici"],
    names: ["length: the same twice", "length: a list of the same"],
    reason: "RFC 9110 §8.6 leaves the choice; nginx and HAProxy take it, and there is only one reading",
  },
  {
    clients: ["curl"],
    names: [
      "length: two different ones",
      "length: a list of different ones",
      "length: the same, spelt in two ways",
      "length: a plus",
      "length: hexadecimal",
      "length: a fraction",
      "length: digits and a word",
      "length: blanks between digits",
      "length: 2^64 + 2",
      "length: a list that ends in a comma",
    ],
    reason: "curl takes the digits at the start; another reader takes another length (RFC 9112 §6.3)",
  },
  {
    clients: ["node", "undici"],
    names: [
      "coding: gzip, chunked",
      "coding: gzip and chunked in two fields",
      "coding: gzip",
      "coding: chunked, gzip",
      "coding: chunkedchunked",
      "coding: xchunked",
      "coding: chunked with a parameter",
      "coding: quoted",
    ],
    reason: "they hand on what is coded as if it was not; a gateway cannot tell",
  },
  {
    clients: ["node", "undici", "curl"],
    names: [
      "coding: chunked, identity",
      "coding: identity, chunked",
      "coding: chunked twice",
      "coding: a comma and chunked",
    ],
    reason: "no server needs them, and readers differ in whether there are chunks",
  },
  {
    clients: ["undici", "curl"],
    names: ["coding: empty", "coding: empty, and a length"],
    reason: "a field that says how a message is framed, and does not say it, is not to be guessed about",
  },
  {
    clients: ["curl"],
    names: [
      "coding: chunked behind a length",
      "coding: chunked before a length",
      "coding: identity and a length",
    ],
    reason: "RFC 9112 §6.1: it ought to be handled as an error, since it may be an attempt at smuggling",
  },
  {
    clients: ["node", "undici"],
    names: [
      "chunk: blanks behind the size",
      "chunk: a tab behind the size",
      "chunk: a blank before the semicolon",
      "chunk: a blank behind the semicolon",
      "chunk: blanks around the equals sign",
    ],
    reason:
      "RFC 9112 §7.1.1 has blanks in extensions; nginx, HAProxy, workerd and curl take those behind a size",
  },
  {
    clients: ["node", "undici"],
    names: ["chunk: a size of 17 digits"],
    reason: "without a bound on zeros a size never ends",
  },
  {
    clients: ["curl"],
    names: [
      "chunk: a word behind the size",
      "chunk: no extension behind the semicolon",
      "chunk: half a quotation",
      "chunk: LF alone in an extension",
      "chunk: LF alone behind the size",
      "chunk: LF alone behind its bytes",
    ],
    reason: "curl skips all up to the next LF; readers that look for CR LF find another end of the line",
  },
  {
    clients: ["curl"],
    names: ["chunk: a length behind the last"],
    reason: "who says a length there cannot be believed about the end",
  },
  {
    clients: ["undici", "curl"],
    names: ["chunk: an extension of 64 KiB"],
    reason: "a body without a byte could go on for ever; Node's client has the same bound",
  },
  {
    clients: ["node", "undici"],
    names: ["HEAD: both framings", "204: both framings", "304: both framings"],
    reason: "there is no body to be ambiguous about; the connection is not used again",
  },
  {
    clients: ["undici"],
    names: ["1xx: 100 before it"],
    reason: "undici did not ask for it and refuses; RFC 9110 §15.2 has clients take any number",
  },
  {
    clients: ["node"],
    names: ["1xx: 101 with nothing"],
    reason:
      "Node takes a 101 without its fields for an ordinary answer; no gateway's Response can have the status",
  },
  {
    clients: ["curl"],
    names: ["1xx: 101 that upgrades", "1xx: 101 with a length"],
    reason: "curl prints what follows; nobody asked for another protocol",
  },
];
