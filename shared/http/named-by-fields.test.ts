import { expect, it } from "vitest";
import { isMethodOverride, isPathOverride, namesResource, pathNamed } from "./named-by-fields.ts";

it("knows the fields that servers read as the path, in every spelling of CGI", () => {
  const paths = ["x-original-url", "x_rewrite_url", "script_name", "path.info", "x-script-name"];
  expect(paths.map(isPathOverride)).toEqual(paths.map(() => true));
  expect(["x-original", "referer", "x-script"].map(isPathOverride)).toEqual([false, false, false]);
});

it("knows the fields that servers read as the method", () => {
  const methods = ["x-http-method-override", "x_http_method", "x-method-override"];
  expect(methods.map(isMethodOverride)).toEqual([true, true, true]);
  expect(isMethodOverride("access-control-request-method")).toBe(false);
});

it("knows the fields that name a second resource", () => {
  const names = ["destination", "x-amz-copy-source", "x_ms_copy_source", "x-copy-from", "x-ms-rename-source"];
  expect(names.map(namesResource)).toEqual(names.map(() => true));
  const others = ["x-amz-copy-source-range", "x-amz-copy-source-if-match", "location", "x-destination"];
  expect(others.map(namesResource)).toEqual(others.map(() => false));
});

it.each([
  ["https://api.example.com/a%20b?c#d", "/a%20b?c"],
  ["//api.example.com/a", "/a"],
  ["/bucket/key", "/bucket/key"],
  ["bucket/key?versionId=1", "/bucket/key?versionId=1"],
  ["http://api.example.com", "/"],
  [" /a/../b", "/a/../b"],
  ["arn:aws:s3:::bucket/key", "/aws:s3:::bucket/key"],
  ["", "/"],
])("finds the path in %j: %s", (value, path) => {
  expect(pathNamed(value)).toBe(path);
});
