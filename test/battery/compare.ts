import { gunzipSync } from "node:zlib";
import type { Seen } from "./exchange.ts";

/** A difference in one aspect of an answer: what the server said, and what arrived through the tunnel. */
export interface Gap {
  /** `failure` (the tunnel's), `status`, `reason`, `body`, `end`, `field NAME`, or `sent NAME` for a field as the server saw it. */
  aspect: string;
  direct: string;
  tunnel: string;
}

/** Fields that belong to one connection (RFC 9110 §7.6.1), or contain a time. */
const PER_HOP = /^(connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade|date|age)$/;
/** Fields that the relay adds to a request, or proxies behind it, and hop-by-hop fields. */
const ADDED =
  /^(forwarded|x-forwarded-.*|traceparent|tracestate|cdn-loop|via|x-real-ip|connection|te|transfer-encoding|x-varnish|accept-encoding)$/;

export function compare(direct: Seen, tunnel: Seen): Gap[] {
  // If there is no answer, a gateway answers 502.
  if (direct.status === 0 && tunnel.status === 502) return [];
  const code = tunnel.fields.find(([name]) => name === "culvert-error")?.[1];
  if (code !== undefined) {
    const detail = /"detail":"([^"]*)"/.exec(tunnel.body.toString())?.[1];
    const answered = direct.error ?? `${direct.status} with ${direct.body.byteLength} bytes`;
    return [{ aspect: "failure", direct: answered, tunnel: `${tunnel.status} ${code}: ${detail}` }];
  }
  if (endOf(direct) === "no answer" && endOf(tunnel) === "no answer") return [];
  const gaps: Gap[] = [];
  const look = (aspect: string, left: unknown, right: unknown): void => {
    if (left !== right) gaps.push({ aspect, direct: brief(left), tunnel: brief(right) });
  };
  look("status", direct.status, tunnel.status);
  if (direct.reason !== null && direct.status === tunnel.status) look("reason", direct.reason, tunnel.reason);
  look("end", endOf(direct), endOf(tunnel));
  const [left, right] = [accountOf(direct), accountOf(tunnel)];
  const [directFields, tunnelFields] = [fieldsOf(direct), fieldsOf(tunnel)];
  for (const name of new Set([...directFields.keys(), ...tunnelFields.keys()])) {
    // An account with more fields is longer.
    if (left !== null && right !== null && name === "content-length") continue;
    look(`field ${name}`, directFields.get(name), tunnelFields.get(name));
  }
  if (left !== null && right !== null) gaps.push(...sentGaps(left, right));
  // A body that is cut may be cut anywhere.
  else if (!direct.aborted && !contentOf(direct).equals(contentOf(tunnel))) {
    gaps.push({ aspect: "body", direct: outline(direct), tunnel: outline(tunnel) });
  }
  return gaps;
}

function endOf({ error, aborted }: Seen): string {
  return error !== null ? "no answer" : aborted ? "aborted" : "whole";
}

/** Joins fields of one name into a list, as `Headers` in a Worker does (RFC 9110 §5.3), except cookies. */
function fieldsOf({ fields }: Seen): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of fields) {
    if (PER_HOP.test(name)) continue;
    const text = textOf(value.replaceAll(/boundary=\S+/g, "boundary=B"));
    const before = joined.get(name);
    joined.set(name, before === undefined ? text : `${before}${name === "set-cookie" ? "\n" : ", "}${text}`);
  }
  return joined;
}

/** Decodes a field's bytes as fetch does: as UTF-8 if they are valid UTF-8, otherwise one character per byte. */
function textOf(latin1: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}

/** Two runs of a compressor may give different bytes, and multipart boundaries are random. */
function contentOf(seen: Seen): Buffer {
  const value = (name: string) => seen.fields.find(([field]) => field === name)?.[1];
  const boundary = /boundary=(\S+)/.exec(value("content-type") ?? "")?.[1];
  if (boundary !== undefined)
    return Buffer.from(seen.body.toString("latin1").replaceAll(boundary, "B"), "latin1");
  if (value("content-encoding") !== "gzip") return seen.body;
  try {
    return gunzipSync(seen.body);
  } catch {
    return seen.body;
  }
}

const outline = (seen: Seen) => `${seen.body.byteLength} bytes: ${brief(seen.body.toString("latin1"))}`;

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** What an application reports about the request that it received. */
interface Account {
  method: string;
  target: string;
  fields: [string, string][];
  bytes: number;
  sha256: string;
}

function accountOf({ body }: Seen): Account | null {
  if (!body.toString("latin1", 0, 10).startsWith('{"method"')) return null;
  try {
    return JSON.parse(body.toString()) as Account;
  } catch {
    return null;
  }
}

function sentGaps(direct: Account, tunnel: Account): Gap[] {
  const flat = ({ fields, ...rest }: Account) => {
    const all = new Map(Object.entries(rest).map(([name, value]) => [name, String(value)]));
    for (const [name, value] of fields) {
      if (ADDED.test(name)) continue;
      const before = all.get(`field ${name}`);
      all.set(`field ${name}`, before === undefined ? value : `${before}, ${value}`);
    }
    return all;
  };
  const [left, right] = [flat(direct), flat(tunnel)];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) =>
    left.get(name) === right.get(name)
      ? []
      : [{ aspect: `sent ${name}`, direct: brief(left.get(name)), tunnel: brief(right.get(name)) }],
  );
}
