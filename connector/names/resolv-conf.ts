import { isIP } from "node:net";

/** The supported part of resolv.conf(5). */
export interface ResolvConf {
  /** Addresses, or `address:port` and `[address]:port` if there is a port. */
  servers: readonly string[];
  /** Search domains in their order, without final dots. */
  search: readonly string[];
  /** A name with at least so many dots is first asked for as it is, and only then with a search domain. */
  ndots: number;
  /** Time-out of one question to one server. */
  timeoutMs: number;
  /** How often each server is asked. */
  attempts: number;
}

/** The limits of glibc. */
const MAX_SERVERS = 3;
const MAX_NDOTS = 15;
const MAX_TIMEOUT_SECONDS = 30;
const MAX_ATTEMPTS = 5;
/** glibc no longer has a limit, but a look-up has to end. */
const MAX_SEARCH = 32;

/** Defaults for a file without these lines: the search domain from the host's name, and the system's servers. */
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
