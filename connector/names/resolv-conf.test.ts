import { expect, it } from "vitest";
import { parseHosts } from "./hosts-file.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { candidatesOf } from "./search.ts";

const DEFAULTS = { servers: ["127.0.0.1"], search: [], ndots: 1, timeoutMs: 5_000, attempts: 2 };

it.each([
  ["nothing", "", {}],
  ["comments", "# nameserver 1.1.1.1\n; nameserver 1.1.1.1\n  # search x", {}],
  [
    "servers, of which three count",
    "nameserver 10.0.0.2\nnameserver\tfd00::53\nnameserver none\nnameserver 10.0.0.3 # here\nnameserver 10.0.0.4\n",
    { servers: ["10.0.0.2", "fd00::53", "10.0.0.3"] },
  ],
  [
    "servers with ports",
    "nameserver [127.0.0.1]:5353\nnameserver [::1]:53",
    { servers: ["[127.0.0.1]:5353", "[::1]:53"] },
  ],
  ["ports that are none", "nameserver [127.0.0.1]:0\nnameserver [::1]:99999", {}],
  ["domains", "search Corp.Internal. . svc.local", { search: ["corp.internal", "svc.local"] }],
  ["the last word on domains", "search a b\ndomain c", { search: ["c"] }],
  [
    "options over several lines",
    "options ndots:5 rotate timeout:2\r\noptions attempts:1",
    { ndots: 5, timeoutMs: 2_000, attempts: 1 },
  ],
  [
    "options out of bounds",
    "options ndots:99 timeout:0 attempts:99",
    { ndots: 15, timeoutMs: 1_000, attempts: 5 },
  ],
  ["options that are none", "options ndots timeout:x attempts:-1 ndots:1e3", {}],
])("resolv.conf may hold %s", (_what, text, expected) => {
  expect(parseResolvConf(text, { hostName: "host", servers: ["127.0.0.1"] })).toEqual({
    ...DEFAULTS,
    ...expected,
  });
});

it("searches the host's own domain if the file names none", () => {
  const unsaid = { hostName: "web-1.corp.internal", servers: [] };
  expect(parseResolvConf("", unsaid).search).toEqual(["corp.internal"]);
  expect(parseResolvConf("search x", unsaid).search).toEqual(["x"]);
});

it.each([
  ["api", 1, ["api.a", "api.b", "api"]],
  ["api.corp", 1, ["api.corp", "api.corp.a", "api.corp.b"]],
  ["api.corp", 5, ["api.corp.a", "api.corp.b", "api.corp"]],
  ["api.", 5, ["api"]],
])("asks for %s with ndots %i as %j", (name, ndots, expected) => {
  const conf = { servers: [], search: ["a", "b"], ndots, timeoutMs: 1, attempts: 1 };
  expect(candidatesOf(name, conf)).toEqual(expected);
});

it("hosts files hold addresses of both families, names of any case, comments and nonsense", () => {
  const hosts = parseHosts(
    "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost # loopback\n#10.0.0.1 off\n" +
      "10.0.0.1 API.Internal. api\r\n10.0.0.2 api\n10.0.0.2 api\nnonsense api\n300.1.1.1 api\n10.0.0.9\n",
  );
  expect(hosts.get("localhost")?.map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
  expect(hosts.get("api.internal")).toEqual([{ address: "10.0.0.1", family: 4 }]);
  expect(hosts.get("api")?.map(({ address }) => address)).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(hosts.get("off")).toBe(undefined);
});
