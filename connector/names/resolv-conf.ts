import { isIP } from "node:net";

/** What resolv.conf(5) says, as far as it is honoured. */
export interface ResolvConf {
  /** Addresses, or `address:port` and `[address]:port` where a port is named. */
  servers: readonly string[];
  /** Domains that are put behind a name, the first one first; without dots at their ends. */
  search: readonly string[];
  /** A name with as many dots is asked for as it is before it is with a domain behind it. */
  ndots: number;
  /** Of one question to one server. */
  timeoutMs: number;
  /** How often each server is asked. */
  attempts: number;
}

/** As glibc bounds them. */
const MAX_SERVERS = 3;
const MAX_NDOTS = 15;
const MAX_TIMEOUT_SECONDS = 30;
const MAX_ATTEMPTS = 5;
/** glibc knows no limit any more; a look-up has to end. */
const MAX_SEARCH = 32;

/** Where the file does not say it: the host's name says in which domain to search, and the system which servers to ask. */
export interface Unsaid {
  hostName: string;
  servers: readonly string[];
}

export function parseResolvConf(text: string, unsaid: Unsaid): ResolvConf {
  const servers: string[] = [];
  const [, domain = ""] = /\.(.+)$/.exec(unsaid.hostName) ?? [];
  let search = [domain];
  const conf = { ndots: 1, timeoutMs: 5_000, attempts: 2 };
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/^\s*[#;].*/s, "")
      .trim()
      .split(/\s+/);
    const [value = ""] = values;
    if (keyword === "nameserver" && isServer(value)) servers.push(value);
    if (keyword === "domain" && value !== "") search = [value];
    if (keyword === "search") search = values;
    if (keyword === "options") for (const option of values) applyOption(conf, option);
  }
  return {
    ...conf,
    servers: (servers.length === 0 ? unsaid.servers : servers).slice(0, MAX_SERVERS),
    search: search
      .map((suffix) => suffix.toLowerCase().replace(/\.$/, ""))
      .filter((suffix) => suffix !== "")
      .slice(0, MAX_SEARCH),
  };
}

function applyOption(conf: { ndots: number; timeoutMs: number; attempts: number }, option: string): void {
  const [, name, digits] = /^(ndots|timeout|attempts):(\d{1,6})$/.exec(option) ?? [];
  const value = Number(digits);
  if (name === "ndots") conf.ndots = Math.min(value, MAX_NDOTS);
  if (name === "timeout") conf.timeoutMs = Math.min(Math.max(value, 1), MAX_TIMEOUT_SECONDS) * 1_000;
  if (name === "attempts") conf.attempts = Math.min(Math.max(value, 1), MAX_ATTEMPTS);
}

function isServer(text: string): boolean {
  const [, address = text, port = "53"] = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(port) > 0 && Number(port) <= 65_535;
}
