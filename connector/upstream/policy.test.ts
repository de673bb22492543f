import { describe, expect, it } from "vitest";
import { parseAllowlist, parseTarget, UpstreamPolicy } from "./policy.ts";

function policyOf(text: string): UpstreamPolicy {
  const list = parseAllowlist(text);
  if (!list.ok) throw new Error(list.problems.join("; "));
  return new UpstreamPolicy(list.rules);
}

const allows = (text: string, target: string) => policyOf(text).allowsTarget(parseTarget(target));
const allowsAt = (text: string, target: string, address: string) =>
  policyOf(text).allowsAddress(parseTarget(target), address);

describe("the allowlist", () => {
  it("is empty by default and refuses everything", () => {
    expect(allows("", "http://payments.internal:8080")).toBe("no");
    expect(allows("", "http://10.0.0.5")).toBe("no");
  });

  const table: [allow: string, target: string, expected: string][] = [
    ["payments.internal", "http://payments.internal:8080", "yes"],
    ["payments.internal", "http://PAYMENTS.internal.:8080", "yes"],
    ["Payments.Internal:8080", "http://payments.internal:8080", "yes"],
    ["payments.internal:8080", "http://payments.internal:8081", "no"],
    ["payments.internal:80", "http://payments.internal", "yes"],
    ["payments.internal:443", "https://payments.internal", "yes"],
    ["payments.internal:443", "http://payments.internal", "no"],
    ["internal", "http://payments.internal", "no"],
    ["*.corp.internal:443", "https://a.b.corp.internal", "yes"],
    ["*.corp.internal:443", "https://corp.internal", "no"],
    ["*.corp.internal:443", "https://evilcorp.internal", "no"],
    ["10.0.0.0/8:8080", "http://10.1.2.3:8080", "yes"],
    ["10.0.0.0/8:8080", "http://10.1.2.3", "no"],
    ["10.0.0.0/8", "http://[::ffff:10.1.2.3]", "yes"],
    ["10.0.0.0/8:8080", "http://somewhere.internal:8080", "needs-address-check"],
    ["10.0.0.0/8:8080", "http://somewhere.internal:8081", "no"],
    ["10.0.0.5:8080", "http://10.0.0.5:8080", "yes"],
    ["10.0.0.5:8080", "http://[::ffff:a00:5]:8080", "yes"],
    ["10.0.0.5", "http://somewhere.internal", "no"],
    ["10.0.0.5/32", "http://somewhere.internal", "needs-address-check"],
    ["[FD00:0::5]", "http://[fd00::5]:8080", "yes"],
    ["10.0.0.5", "http://10.0.0.6", "no"],
    ["[fd00::5]:8080", "http://[fd00::5]:8080", "yes"],
    ["[fd00::/8]:8080", "http://[fd12::1]:8080", "yes"],
    ["[fd00::]/8:8080", "http://[fd12::1]:8080", "yes"],
    ["*", "http://anything.example:1", "yes"],
    ["*", "http://127.0.0.1:1", "yes"],
    ["*", "http://[::1]:1", "yes"],
    [" a.internal , b.internal:1 ,", "http://b.internal:1", "yes"],
  ];
  it.each(table)("%j and %s: %s", (allow, target, expected) => {
    expect(allows(allow, target)).toBe(expected);
  });

  it("reports every wrong entry by its number", () => {
    const list = parseAllowlist(
      "ok.internal, bad host, a:0, 10.0.0.0/40, fd00::1:80, x:99999, a.*.b, http://x",
    );
    expect(list.ok).toBe(false);
    if (list.ok) return;
    expect(list.problems.map((problem) => problem.split(":")[0])).toHaveLength(7);
    expect(list.problems.join("\n")).toContain("entry 3: the port must be a number from 1 to 65535");
    expect(list.problems.at(-1)).toBe("entry 8: give the host alone, or host:port, without the scheme");
  });

  it("allows a name's address by the name's rule or by a range, and nothing else", () => {
    expect(allowsAt("db.internal:1", "http://db.internal:1", "192.168.0.9")).toBe(true);
    expect(allowsAt("10.0.0.0/8:1", "http://db.internal:1", "10.2.0.9")).toBe(true);
    expect(allowsAt("10.0.0.0/8:1", "http://db.internal:1", "::ffff:10.2.0.9")).toBe(true);
    expect(allowsAt("10.0.0.0/8:1", "http://db.internal:1", "192.168.0.9")).toBe(false);
    expect(allowsAt("10.0.0.0/8:1", "http://db.internal:2", "10.2.0.9")).toBe(false);
    expect(allowsAt("10.2.0.9:1", "http://db.internal:1", "10.2.0.9")).toBe(false);
    expect(allowsAt("*", "http://db.internal:1", "no address")).toBe(false);
  });
});

describe("always-blocked addresses", () => {
  const metadataSpellings = [
    "http://169.254.169.254",
    "http://169.254.169.254.",
    "http://2852039166",
    "http://0xa9fea9fe",
    "http://0xA9.0xFE.0xA9.0xFE",
    "http://0251.0376.0251.0376",
    "http://169.254.43518",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[::169.254.169.254]",
    "http://[64:ff9b::169.254.169.254]",
    "http://[64:ff9b:1::a9fe:a9fe]",
    "http://[2002:a9fe:a9fe::]",
    "http://[::ffff:0:169.254.169.254]",
    "http://[2001:0:0:0:0:0:5601:5601]",
    "http://①⑥⑨.254.169.254",
    "http://[fd00:ec2::254]",
    "http://[fd00:ec2::23]",
    "http://[fd00:ec2::253]",
    "http://[fd00:ec2::123]",
    "http://[fd20:ce::254]",
    "http://[fd00:42::42]",
    "http://[fd00:c1::a9fe:a9fe]",
    "http://[fd00:a9fe:a9fe::1]",
    "http://[64:ff9b:1:a9fe:a9:fe00::]", // RFC 6052, a prefix of /48
    "http://[64:ff9b:1:a9:fe:a9fe::]", // of /56: the first byte stands behind the prefix's own
    "http://[64:ff9b:1:0:a9:fea9:fe00:0]", // of /64
    "http://[2001:db8:122:344::169.254.169.254]", // NAT64 under the network's own prefix
    "http://[2001:db8::5efe:a9fe:a9fe]", // ISATAP
    "http://[fd12:3456::200:5efe:a9fe:1]",
    "http://[2001:0:a9fe:a9fe:0:0:5601:1]", // Teredo: a server there
    "http://[FE80::1]",
    "http://100.100.100.200",
    "http://168.63.129.16",
    "http://192.0.0.192",
    "http://0",
    "http://0.0.0.0",
    "http://[::]",
    "http://224.0.0.1",
    "http://[ff02::1]",
  ];
  it.each(metadataSpellings)("refuses %s whatever the allowlist says", (target) => {
    expect(allows("*", target)).toBe("no");
    expect(allows("*, 0.0.0.0/0, [::/0]", target)).toBe("no");
  });

  it("refuses them as what a permitted name resolves to, with or without a zone", () => {
    for (const address of ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0"]) {
      expect(allowsAt("db.internal, *", "http://db.internal", address)).toBe(false);
    }
  });

  it.each(["fd00:42::41", "fd12::1", "2001:db8::a9fe:1", "64:ff9b::10.0.0.1", "2001:db8::5efe:10.0.0.1"])(
    "does not count %s as one of them",
    (address) => {
      expect(allowsAt("*", "http://db.internal", address)).toBe(true);
    },
  );

  it("does not mistake loopback for an embedded address", () => {
    expect(allowsAt("*", "http://localhost", "::1")).toBe(true);
    expect(allowsAt("*", "http://localhost", "127.0.0.1")).toBe(true);
  });
});

describe("parseTarget", () => {
  it.each([
    "http://user@host",
    "http://host/path",
    "http://host?x",
    "http://host#x",
    "ftp://host",
    "host",
    "",
    "http://",
    "file:///etc/passwd",
  ])("refuses %j", (target) => {
    expect(() => parseTarget(target)).toThrow("not an http or https origin");
  });
});
