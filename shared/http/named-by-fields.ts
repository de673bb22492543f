import { dashedName } from "./fields.ts";

/**
 * Fields whose value some servers use as the path, or as the part of it that does not count: Symfony, Zend and IIS
 * (CVE-2018-14773), gunicorn (`SCRIPT_NAME`), WSGI applications behind a prefix, Azure's App Service, Envoy.
 */
const PATH_OVERRIDES: ReadonlySet<string> = new Set([
  "path-info",
  "request-uri",
  "script-name",
  "x-envoy-original-path",
  "x-http-destinationurl",
  "x-ms-request-original-url",
  "x-original-path",
  "x-original-uri",
  "x-original-url",
  "x-override-path",
  "x-override-url",
  "x-path-info",
  "x-rewrite-path",
  "x-rewrite-uri",
  "x-rewrite-url",
  "x-script-name",
  "x-waws-unencoded-url",
]);

/** Fields whose value Rails, Express, Symfony, ASP.NET and others use as the method. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
]);

/** WebDAV's COPY and MOVE (RFC 4918 §10.3). */
export const DESTINATION = "destination";
/** S3, its relatives, Azure's storage and Swift copy from there, or write a reference to there. */
const COPY_SOURCE =
  /^x-(?:[a-z0-9]+-)?(?:copy-source|rename-source|copy-from|object-manifest|symlink-target)$/;

/** RFC 3986 Appendix B, without the fragment, which names nothing on a server. */
const REFERENCE = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/[^/?#]*)?([^#]*)/is;

/** Whether some servers use this field's value as the path, instead of the request's own. */
export function isPathOverride(name: string): boolean {
  return PATH_OVERRIDES.has(dashedName(name));
}

/** Whether some servers use this field's value as the method, instead of the request's own. */
export function isMethodOverride(name: string): boolean {
  return METHOD_OVERRIDES.has(dashedName(name));
}

/** Whether this field names a resource that the request is about besides that of its path. */
export function namesResource(name: string): boolean {
  const read = dashedName(name);
  return read === DESTINATION || COPY_SOURCE.test(read);
}

/** The path, with its query, that such a field names on its server. Object stores leave out the first slash. */
export function pathNamed(value: string): string {
  const [, , path = ""] = REFERENCE.exec(value.trim()) ?? [];
  return path.startsWith("/") ? path : `/${path}`;
}
