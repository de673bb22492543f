import { describe, expect, it } from "vitest";
import { lineWithoutSecrets, valueWithoutSecrets, withoutSecrets } from "./without-secrets.ts";

describe("a text that may be shared", () => {
  it.each([
    ["a token", `TUNNEL_TOKEN=culvert_${"A".repeat(80)}_0123abcd is cut`],
    ["a key of the relay", `key culvert_api_abcdefghij23_${"canary-".repeat(6)}_0123abcd`],
    ["an Authorization", "authorization: Bearer canary.canary-canary"],
    ["a Basic one", "proxy-authorization: Basic Y2FuYXJ5OmNhbmFyeQ=="],
    ["a JWT", `eyJhbGciOiJIUzI1NiJ9.${"Y2FuYXJ5".repeat(3)}.c2ln`],
    ["a URL's password", "no connection to http://operator:canary@proxy.internal:3128/"],
    ["a query", "GET https://api.internal/v1/x?canary=1&b=2 failed"],
    ["a pair", "postgres: password=canary host=db"],
    ["a quoted one", 'the secret: "canary with blanks", and more'],
    ["a private key", "-----BEGIN EC PRIVATE KEY-----\ncanary\n-----END EC PRIVATE KEY-----"],
    ["a private key that was cut", "-----BEGIN PRIVATE KEY-----\ncanary"],
    ["what is known", "it said s3cr3t-canary to us"],
    ["what is known, in base64", `x ${Buffer.from("s3cr3t-canary").toString("base64")} y`],
    ["what is known, encoded", "x p%40ss-canary y"],
  ])("has not %s", (_, text) => {
    const shown = withoutSecrets(text, ["s3cr3t-canary", "p@ss-canary"]);
    expect(shown).toContain("[redacted]");
    expect(shown).not.toMatch(/canary|Y2FuYXJ5|AAAA/);
  });

  it.each([
    "no connection to 10.0.0.5:8080: ECONNREFUSED",
    "k_7vq7bjq4eooa of tunnel tnl_abcdefghij234567abcd, for https://relay.example",
    'culvert_connector_requests_total{service="payments-api",status="2xx"} 12',
    "# HELP culvert_connector_spans_total Spans of traced requests, by outcome.",
    "/etc/culvert/token cannot be read: EACCES",
  ])("keeps %s", (text) => expect(withoutSecrets(text, [])).toBe(text));

  it("is not emptied by a very short secret", () => {
    expect(withoutSecrets("abc def", ["a", "de", ""])).toBe("abc def");
  });

  it("has no value under a name that suggests a secret, at any depth", () => {
    expect(
      valueWithoutSecrets({ a: [{ password: "canary", kid: "k_1", caFile: "/x.pem" }], apiKey: 7, n: 1 }, []),
    ).toEqual({ a: [{ password: "[redacted]", kid: "k_1", caFile: "/x.pem" }], apiKey: "[redacted]", n: 1 });
  });

  it("leaves a log line valid JSON", () => {
    const line = JSON.stringify({ msg: "request", path: "/a?b=canary", cookie: "canary", status: 200 });
    expect(JSON.parse(lineWithoutSecrets(line, []))).toEqual({
      ...{ msg: "request", path: "/a?[redacted]", cookie: "[redacted]", status: 200 },
    });
    expect(lineWithoutSecrets("19:04:11 info  password=canary", [])).not.toContain("canary");
  });
});
