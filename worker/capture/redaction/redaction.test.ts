import { describe, expect, it } from "vitest";
import { redactBody } from "./redact-body.ts";
import { redactFields } from "./redact-fields.ts";
import { redactJson } from "./redact-json.ts";
import { redactPath } from "./redact-url.ts";
import { Redactor } from "./redactor.ts";
import { isSecretName } from "./secret-name.ts";

/** Planted in each place; whatever is shown must not have it. */
const SECRET = "hUnter2-S3cret-9f8a7c66";
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl";
const FORM = "application/x-www-form-urlencoded";

const path = (text: string) => redactPath(text, new Redactor());
const body = (text: string, type = "application/json") => {
  const redactor = new Redactor();
  return redactor.again(redactBody(text, type, redactor));
};
const field = (name: string, value: string) => redactFields([[name, value]], new Redactor())[0]?.[1];

describe("names", () => {
  it.each([
    ...["authorization", "Proxy-Authorization", "cookie", "x-api-key", "apiKey", "X_API_KEY", "clientSecret"],
    ...["password", "passwd", "user[password]", "PassWord2", "access_token", "refreshToken", "x-auth", "sid"],
    ...["X-Amz-Signature", "sig", "private_key", "pin", "otp", "cvv", "x-csrf-token", "SAMLResponse", "key"],
    ...["ocp-apim-subscription-key", "cf-access-jwt-assertion", "hmac", "pwd", "user.credentials.value"],
  ])("of a secret: %s", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    ...[
      "author",
      "authority",
      "content-type",
      "max_tokens",
      "total_tokens",
      "idempotency-key",
      "monkey",
      "design",
    ],
    ...[
      "www-authenticate",
      "primaryKey",
      "status",
      "code",
      "etag",
      "signal",
      "passenger",
      "compass",
      "spinner",
    ],
  ])("of none: %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe("fields", () => {
  it.each([
    ["authorization", `Bearer ${SECRET}`, "Bearer [redacted]"],
    ["authorization", `basic ${btoa(`user:${SECRET}`)}`, "basic [redacted]"],
    ["authorization", SECRET, "[redacted]"],
    ["x-api-key", SECRET, "[redacted]"],
    ["cookie", `theme=dark; session=${SECRET};a=`, "theme=[redacted]; session=[redacted];a=[redacted]"],
    ["cookie", SECRET, "[redacted]"],
    ["set-cookie", `sid=${SECRET}; Path=/; Secure`, "sid=[redacted]; Path=/; Secure"],
    ["location", `https://x.example/cb?code=${SECRET}&state=1#access_token=${SECRET}`, null],
    ["referer", `https://user:${SECRET}@x.example/?Token=${SECRET}`, null],
    ["x-anything", `Bearer ${SECRET}`, "Bearer [redacted]"],
    ["x-anything", JWT, "[redacted]"],
    [
      "link",
      `<https://x.example/?sig=${SECRET}>; rel="next"`,
      '<https://x.example/?sig=[redacted]>; rel="next"',
    ],
    ["sec-websocket-protocol", `chat, base64url.bearer.${SECRET}-${SECRET}`, "chat,[redacted]"],
    ["accept", "text/html, */*;q=0.1", "text/html, */*;q=0.1"],
    ["user-agent", "Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"],
  ])("%s: %s", (name, value, shown) => {
    const clean = field(name, value);
    expect(clean).not.toContain(SECRET);
    expect(clean).not.toContain("eyJ");
    if (shown !== null) expect(clean).toBe(shown);
  });
});

describe("paths", () => {
  it.each([
    `/v1?token=${SECRET}`,
    `/v1?a=1&%74oken=${SECRET}`,
    `/v1?%2574oken=${SECRET}`,
    `/v1?user%5Bpassword%5D=${SECRET}`,
    `/v1?X-Amz-Signature=${SECRET}&x=1`,
    `/v1;jsessionid=${SECRET}?x=1`,
    `/v1?a=Bearer%20${SECRET}`,
    `/v1?a=Bearer+${SECRET}`,
    `/v1?next=https%3A%2F%2Fx.example%2F%3Fkey%3D${SECRET}`,
    `/v1?filter=${encodeURIComponent(JSON.stringify({ password: SECRET }))}`,
    `/reset-password/${SECRET}`,
    `/a?broken=%ZZ&secret=${SECRET}`,
    `/a?x=1;api_key=${SECRET}`,
    `/a?code=${SECRET}`,
    `/a?token=${SECRET}&token=${SECRET}`,
  ])("%s", (text) => {
    expect(path(text)).not.toContain(SECRET);
    expect(path(text)).toContain("[redacted]");
  });

  it("stay byte for byte where there is no secret", () => {
    for (const text of [
      "/a%20b/../c//d?x=%41&y=+&z&=",
      "/v1/charges/42?limit=3&after=ch_123",
      "/?",
      "/%00%0a%zz",
    ])
      expect(path(text)).toBe(text);
  });

  it("keep what stands beside the secret", () => {
    expect(path(`/v1/pay?id=7&token=${SECRET}&limit=3`)).toBe("/v1/pay?id=7&token=[redacted]&limit=3");
    expect(path(`/files/${JWT}/x`)).toBe("/files/[redacted]/x");
  });
});

describe("bodies", () => {
  it.each([
    ["JSON", JSON.stringify({ user: "a", password: SECRET, n: 1 })],
    ["deep", JSON.stringify({ a: [{ b: { client_secret: SECRET } }] })],
    [
      "an object of secrets",
      JSON.stringify({ credentials: { user: "x", list: [SECRET, { a: SECRET }] }, ok: 1 }),
    ],
    ["an escaped key", `{"pass\\u0077ord":"${SECRET}"}`],
    ["a key of another case", `{"PASSWORD" : "${SECRET}"}`],
    ["cut in the value", `{"a":1,"password":"${SECRET}`],
    ["cut in an escape", `{"password":"${SECRET}\\u00`],
    ["cut in the object", `{"secrets":{"a":"${SECRET}","b":[1,`],
    ["JSON in JSON", JSON.stringify({ body: JSON.stringify({ password: SECRET }) })],
    ["a pair of name and value", JSON.stringify([{ name: "X-Api-Key", value: SECRET }])],
    ["an escaped form", `{"h":"\\u0042earer ${SECRET}"}`],
    ["lines", `{"token":"${SECRET}"}\n{"token":"${SECRET}"}`],
    ["single quotes", `{'password': '${SECRET}'}`],
    ["quotes in the secret", `{"password":"a\\"${SECRET}"}`],
    ["a backslash at the end", `{"a":"x\\\\","password":"${SECRET}"}`],
    ["GraphQL", JSON.stringify({ query: `mutation { login(password: "${SECRET}") { id } }` })],
    ["a wrong type", `password=${SECRET}&a=1`],
  ])("%s", (_name, text) => {
    expect(body(text)).not.toContain(SECRET);
    expect(body(text, "")).not.toContain(SECRET);
    expect(body(text, "text/plain")).not.toContain(SECRET);
  });

  it.each([
    [FORM, `a=1&password=${SECRET}&b=2`],
    [FORM, `grant_type=authorization_code&code=${SECRET}`],
    [FORM, `pass%77ord=${SECRET}`],
    ["application/xml", `<a><Password>${SECRET}</Password></a>`],
    ["text/xml", `<s:a xmlns:s="x"><s:token type="x"><![CDATA[${SECRET}]]></s:token></s:a>`],
    ["application/xml", `<login password="${SECRET}"/>`],
    ["text/plain", `user: a\npassword: my ${SECRET} phrase\nend`],
    ["text/yaml", `api_key: ${SECRET}`],
    ["text/html", `<input type="hidden" name="csrf_token" value="x"> Authorization: Bearer ${SECRET}`],
    ["text/plain", `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}\n-----END RSA PRIVATE KEY-----`],
    ["text/plain", `-----BEGIN PRIVATE KEY-----\n${SECRET}`],
    ["text/plain", `postgres://admin:${SECRET}@db.internal/x`],
    [
      "multipart/form-data; boundary=B",
      `--B\r\nContent-Disposition: form-data; name="password"\r\n\r\n${SECRET}\r\n--B--`,
    ],
    ["multipart/form-data; boundary=B", `--B\r\nContent-Disposition: form-data; name=token\r\n\r\n${SECRET}`],
    [
      'multipart/mixed; boundary="B"',
      `--B\r\ncontent-type: application/json\r\n\r\n{"pass\\u0077ord":"${SECRET}"}\r\n--B--`,
    ],
  ])("%s %s", (type, text) => {
    expect(body(text, type)).not.toContain(SECRET);
    expect(body(text, type)).toContain("[redacted]");
  });

  it("contain no secret wherever they are cut, in nested JSON too", () => {
    const inner = JSON.stringify({ "x-api-key": { q: SECRET }, b: "\u0001", token: [SECRET, "é\\"] });
    const whole = JSON.stringify({ a: 1, data: JSON.stringify({ next: inner, key: SECRET }) });
    for (const text of [whole, `POST failed: ${whole}`, inner.replaceAll('"', '\\"')]) {
      for (let length = 0; length <= text.length; length++) {
        for (const type of ["application/json", "text/plain"])
          expect(body(text.slice(0, length), type)).not.toContain(SECRET);
      }
    }
  });

  it("stay as they are where there is no secret", () => {
    const texts = [
      '{ "a": [1, 2.5, true, null, "x\\u00e9\\n"],\n "max_tokens": 100, "author": "me" }',
      '{"a":"cut in the mid',
      "not { json ] at all: [",
      '"just a string"',
      "",
    ];
    for (const text of texts) expect(body(text)).toBe(text);
    expect(body("a=1&b=%20x", FORM)).toBe("a=1&b=%20x");
  });

  it("stay valid JSON", () => {
    const text = JSON.stringify({
      a: 1,
      password: 12345678,
      tokens: ["x", { y: 1 }],
      list: [{ key: "v" }],
      z: "end",
    });
    expect(JSON.parse(body(text))).toEqual({
      ...{ a: 1, password: "[redacted]", tokens: "[redacted]" },
      list: [{ key: "[redacted]" }],
      z: "end",
    });
  });
});

it("a secret that is known by its name is removed wherever an API echoes it", () => {
  const redactor = new Redactor();
  redactFields([["authorization", `Basic ${btoa(`me:${SECRET}`)}`]], redactor);
  redactPath("/a?password=p%26w-00-%22x%22", redactor);
  expect(redactor.again(`your password is ${SECRET}`)).toBe("your password is [redacted]");
  expect(redactor.again(`{"q":"p&w-00-\\"x\\"","e":"p%26w-00-%22x%22"}`)).toBe(
    '{"q":"[redacted]","e":"[redacted]"}',
  );
});

it("is fast, whatever the input", () => {
  const startMs = performance.now();
  const length = 2_500;
  const texts = [
    ...'"\\{[a%=:;&<-.e '.split(""),
    ...[
      "a=",
      "a:",
      '\\"',
      "eyJ",
      "://",
      "<a>",
      "<![CDATA[",
      "-----BEGIN PRIVATE KEY-----",
      "bearer ",
      "%2525",
      '{"',
      "a.a",
    ],
    ...['{"token":', "token:", "password=", "&key=", "<key>", "--B\r\n"],
  ];
  for (const text of texts) {
    const long = text.repeat(Math.ceil(length / text.length));
    body(long);
    body(long, FORM);
    body(long, "multipart/form-data; boundary=B");
    path(`/${long}?${long}`);
    field("x-a", long);
    redactJson(long, new Redactor());
  }
  // Each takes milliseconds; what is cubic takes hours.
  expect(performance.now() - startMs).toBeLessThan(30_000);
});
