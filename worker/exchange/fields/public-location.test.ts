import { expect, it } from "vitest";
import { parseEndpoint } from "../../../shared/services/upstream-address.ts";
import { publicLocation } from "./public-location.ts";

function mapped(value: string, endpoint: string, publicUrl: string, host: string | null = null): string {
  const [inside, outside] = [parseEndpoint(endpoint), parseEndpoint(publicUrl)];
  if (inside === null || outside === null) throw new Error("no URL");
  return publicLocation(value, { endpoint: inside, host, publicUrl: outside });
}

const PLAIN = "http://127.0.0.1:9012";
const PREFIXED = "http://api.internal/v1";

it.each([
  // The endpoint's own origin, in every spelling of it.
  [PLAIN, "http://127.0.0.1:9012/dir/?a=b#c", "https://api.example.com/base/dir/?a=b#c"],
  [PLAIN, "HTTP://127.0.0.1:9012/%2F/..", "https://api.example.com/base/%2F/.."],
  [PLAIN, "http://127.0.0.1:9012", "https://api.example.com/base"],
  [PLAIN, "//127.0.0.1:9012/x", "https://api.example.com/base/x"],
  [PREFIXED, "http://api.internal:80/v1/x", "https://api.example.com/base/x"],
  [PREFIXED, "http://API.internal/v1?x", "https://api.example.com/base?x"],
  // A path alone.
  [PLAIN, "/login?next=/x", "/base/login?next=/x"],
  [PREFIXED, "/v1/files/7", "/base/files/7"],
  [PREFIXED, "/v1", "/base"],
  // The public host, which the upstream was told.
  [PLAIN, "https://api.example.com/files/7", "https://api.example.com/base/files/7"],
  [PLAIN, "http://api.example.com/files/7", "https://api.example.com/base/files/7"],
])("behind %s, %s becomes %s", (endpoint, value, expected) => {
  expect(mapped(value, endpoint, "https://api.example.com/base")).toBe(expected);
});

it.each([
  [PLAIN, "https://elsewhere.example/x"],
  [PLAIN, "http://127.0.0.1:9013/x"],
  [PLAIN, "https://127.0.0.1:9012/x"],
  [PLAIN, "http://user@127.0.0.1:9012/x"],
  [PLAIN, "https://api.example.com/base/x"],
  [PLAIN, "https://api.example.com/base"],
  [PLAIN, "/base/x"],
  [PLAIN, "x/y"],
  [PLAIN, "../x"],
  [PLAIN, "?x"],
  [PLAIN, ""],
  [PLAIN, "mailto:a@b"],
  [PLAIN, "//[bad/x"],
  [PREFIXED, "http://api.internal/v2/x"],
  [PREFIXED, "http://api.internal/v1x"],
  [PREFIXED, "/v2/x"],
])("behind %s, %j stays", (endpoint, value) => {
  expect(mapped(value, endpoint, "https://api.example.com/base")).toBe(value);
});

it("never becomes another host's", () => {
  expect(mapped("/v1//evil.example/x", PREFIXED, "https://api.example.com")).toBe(
    "https://api.example.com//evil.example/x",
  );
  expect(mapped("/v1/\\evil.example", PREFIXED, "https://api.example.com")).toBe(
    "https://api.example.com/\\evil.example",
  );
  expect(mapped("/v1", PREFIXED, "https://api.example.com")).toBe("/");
});

it("knows the upstream by the Host that it is sent", () => {
  expect(mapped("http://other.example/x", PLAIN, "https://api.example.com/base", "other.example")).toBe(
    "https://api.example.com/base/x",
  );
});
