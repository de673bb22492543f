import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** Single IPv4 hosts that hand out credentials (metadata services). */
const METADATA_HOSTS = [
  "169.254.169.254", // AWS, Azure, Google Cloud and most others
  "169.254.170.2", // credentials of AWS for containers
  "169.254.170.23", // credentials of AWS for Kubernetes pods
  "100.100.100.200", // Alibaba Cloud
  "168.63.129.16", // Azure's wire server
  "192.0.0.192", // Oracle Cloud
];

/** Never connected to, whatever the allowlist says: no private API has such an address, but metadata services and neighbours do. */
const BLOCKED: readonly Range[] = [
  "0.0.0.0/8", // "this host"
  "169.254.0.0/16", // link-local: metadata of AWS, Azure, Google Cloud and others
  ...METADATA_HOSTS.map((host) => `${host}/32`),
  "224.0.0.0/4", // multicast
  "255.255.255.255/32", // broadcast
  "::/128", // unspecified: reaches the host itself
  "fe80::/10", // link-local
  "fec0::/10", // its deprecated predecessor
  "ff00::/8", // multicast
  "fd00:ec2::/32", // AWS's own, on every host: metadata (::254), DNS (::253), pods' credentials (::23), time (::123)
  "fd20:ce::254/128", // metadata of Google Cloud
  "fd00:c1::a9fe:a9fe/128", // metadata of Oracle Cloud
  "fd00:42::42/128", // metadata of Scaleway
  "fd00:a9fe:a9fe::1/128", // metadata of Akamai (Linode)
].map((range) => ipaddr.parseCIDR(range));

const LOOPBACK = ipaddr.parse("::1");

const LAST_FOUR = [12, 13, 14, 15] as const;

/** IPv6 forms that contain an IPv4 address, and where its four bytes are. A Teredo client's are inverted. */
const EMBEDDINGS: readonly { range: Range; at: readonly number[]; inverted?: true }[] = (
  [
    { range: "::/96", at: LAST_FOUR }, // compatible
    { range: "::ffff:0:0/96", at: LAST_FOUR }, // mapped
    { range: "::ffff:0:0:0/96", at: LAST_FOUR }, // translated (RFC 2765)
    { range: "64:ff9b::/96", at: LAST_FOUR }, // NAT64
    { range: "64:ff9b:1::/48", at: LAST_FOUR }, // NAT64, local use (RFC 8215); prefixes of /96, /48, /56, /64 (RFC 6052)
    { range: "64:ff9b:1::/48", at: [6, 7, 9, 10] },
    { range: "64:ff9b:1::/48", at: [7, 9, 10, 11] },
    { range: "64:ff9b:1::/48", at: [9, 10, 11, 12] },
    { range: "2002::/16", at: [2, 3, 4, 5] }, // 6to4
    { range: "2001::/32", at: LAST_FOUR, inverted: true }, // Teredo: the client's
    { range: "2001::/32", at: [4, 5, 6, 7] }, // and the server's
  ] as const
).map((form) => ({ ...form, range: ipaddr.parseCIDR(form.range) }));

/** RFC 5214 §6.1: the interface identifiers of ISATAP, in any network; the IPv4 address follows. */
const ISATAP = /^0[02]005efe$/;

const METADATA_BYTES = new Set(METADATA_HOSTS.map((host) => ipaddr.parse(host).toByteArray().join(".")));

/** The address, or null if the text is not one. A zone id is ignored. */
export function parseAddress(text: string): Address | null {
  return ipaddr.isValid(text) ? ipaddr.parse(text) : null;
}

/** Whether the address is in the range. Different families never match. */
export function inRange(address: Address, [base, bits]: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

/** ::ffff:a.b.c.d is the same host as a.b.c.d, so rules for one also apply to the other. */
export function unmapped(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

export function isBlockedAddress(address: Address): boolean {
  if (BLOCKED.some((range) => inRange(address, range))) return true;
  if (!(address instanceof ipaddr.IPv6) || inRange(address, [LOOPBACK, 128])) return false;
  const bytes = address.toByteArray();
  const last = bytes.slice(12);
  // A network may translate addresses under a prefix of its own (RFC 6052 §2.2), so the last four bytes count in any network.
  if (METADATA_BYTES.has(last.join("."))) return true;
  if (ISATAP.test(Buffer.from(bytes.slice(8, 12)).toString("hex")) && isBlockedIPv4(last)) return true;
  return EMBEDDINGS.some(({ range, at, inverted }) => {
    if (!inRange(address, range)) return false;
    return isBlockedIPv4(at.map((index) => (bytes[index] ?? 0) ^ (inverted ? 0xff : 0)));
  });
}

function isBlockedIPv4(bytes: number[]): boolean {
  return isBlockedAddress(new ipaddr.IPv4(bytes));
}
