/** The client's address as the platform sees it. Without Cloudflare in front, all clients count as one. */
export function clientAddress(request: Pick<Request, "headers">): string {
  return request.headers.get("cf-connecting-ip") ?? "";
}

/**
 * The block by which failures are counted. A client with one IPv6 address has the 2^64 of its network, so these count together. An IPv4
 * address in IPv6 form counts as the IPv4 address. Text that is not an address counts as written, up to a length.
 */
export function addressBlock(address: string): string {
  const text = address.trim().toLowerCase();
  if (!text.includes(":")) return text.slice(0, MAX_TEXT_LENGTH);
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = "", tail] = text.split("%", 1)[0]?.split("::") ?? [];
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - left.length - right.length);
  const network = [...left, ...Array.from({ length: zeros }, () => "0"), ...right].slice(0, NETWORK_GROUPS);
  return `${network.join(":")}::/64`.slice(0, MAX_TEXT_LENGTH);
}

const GROUPS = 8;
const NETWORK_GROUPS = 4;
const MAX_TEXT_LENGTH = 64;

/** Without leading zeros, so that each network has one spelling. */
function groupsOf(part: string): string[] {
  return part === "" ? [] : part.split(":").map((group) => group.replace(/^0+(?=.)/, ""));
}
