import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** Never reached, whatever the allowlist says: nothing private lives there, but metadata services and neighbours do. */
const BLOCKED: readonly Range[] = [
  "0.0.0.0/8", // "this host"
  "169.254.0.0/16", // link-local: metadata of AWS, Azure, Google Cloud and others
  "100.100.100.200/32", // metadata of Alibaba Cloud
  "168.63.129.16/32", // Azure's wire server
  "192.0.0.192/32", // metadata of Oracle Cloud
  "224.0.0.0/4", // multicast
  "255.255.255.255/32", // broadcast
  "::/128", // unspecified: reaches the host itself
  "fe80::/10", // link-local
  "fec0::/10", // its deprecated predecessor
  "ff00::/8", // multicast
  "fd00:ec2::254/128", // metadata of AWS
  "fd00:ec2::23/128", // credentials of AWS for Kubernetes pods
  "fd20:ce::254/128", // metadata of Google Cloud
].map((range) => ipaddr.parseCIDR(range));

const LOOPBACK = ipaddr.parse("::1");

/** IPv6 forms that carry an IPv4 address, and where its four bytes stand. Teredo's are inverted. */
const EMBEDDINGS: readonly { range: Range; at: number; inverted?: true }[] = (
  [
    { range: "::/96", at: 12 }, // compatible
    { range: "::ffff:0:0/96", at: 12 }, // mapped
    { range: "::ffff:0:0:0/96", at: 12 }, // translated (RFC 2765)
    { range: "64:ff9b::/96", at: 12 }, // NAT64
    { range: "64:ff9b:1::/48", at: 12 }, // NAT64, local use (RFC 8215), with a /96 prefix
    { range: "2002::/16", at: 2 }, // 6to4
    { range: "2001::/32", at: 12, inverted: true }, // Teredo
  ] as const
).map((form) => ({ ...form, range: ipaddr.parseCIDR(form.range) }));

/** The address, or null when the text is none (a zone id makes no difference). */
export function parseAddress(text: string): Address | null {
  return ipaddr.isValid(text) ? ipaddr.parse(text) : null;
}

/** Whether the range holds the address; of different families: no. */
export function inRange(address: Address, [base, bits]: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

/** ::ffff:a.b.c.d is the same host as a.b.c.d: rules for one are rules for the other. */
export function unmapped(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

export function isBlockedAddress(address: Address): boolean {
  if (BLOCKED.some((range) => inRange(address, range))) return true;
  if (!(address instanceof ipaddr.IPv6) || inRange(address, [LOOPBACK, 128])) return false;
  return EMBEDDINGS.some(({ range, at, inverted }) => {
    if (!inRange(address, range)) return false;
    const bytes = address.toByteArray().slice(at, at + 4);
    return isBlockedAddress(new ipaddr.IPv4(inverted ? bytes.map((byte) => byte ^ 0xff) : bytes));
  });
}
