import { contentOf } from "../chaos/content.ts";
import type { Wanted } from "./exchange.ts";
import type { Offer } from "./servers/real-server.ts";

export interface Case extends Wanted {
  name: string;
  needs: Offer;
  /** The status that the server itself must answer. Without it, a case might compare two errors. */
  status?: number;
  /** The gateway's runtime would change the path, so the request uses `/~/`. */
  rawPath?: true;
  /** In the values, `ETAG` and `CHANGED` stand for what the server said about the file. */
  conditional?: true;
}

const get = (name: string, path: string, more: Partial<Case> = {}): Case => ({
  name,
  path,
  method: "GET",
  needs: path.startsWith("/files") ? "files" : "application",
  ...more,
});

const field = (name: string, value: string) => ({ fields: [[name, value]] as const });
const SMALL = "/files/small.txt";
const OLD = "Mon, 01 Jan 2024 00:00:00 GMT";
const conditional = (name: string, fields: readonly (readonly [string, string])[], status?: number): Case =>
  get(name, SMALL, { fields, conditional: true, ...(status === undefined ? {} : { status }) });

const files: Case[] = [
  get("a file", SMALL, { status: 200 }),
  get("HEAD of a file", SMALL, { method: "HEAD", status: 200 }),
  get("an empty file", "/files/0.bin", { status: 200 }),
  get("HEAD of an empty file", "/files/0.bin", { method: "HEAD", status: 200 }),
  get("a file of one byte", "/files/1.bin", { status: 200 }),
  get("a large file", "/files/300000.bin", { status: 200 }),
  get("the first bytes", "/files/pattern.bin", {
    needs: "ranges",
    ...field("range", "bytes=0-99"),
    status: 206,
  }),
  get("from the middle on", "/files/pattern.bin", {
    needs: "ranges",
    ...field("range", "bytes=1400000-"),
    status: 206,
  }),
  get("the last bytes", "/files/pattern.bin", {
    needs: "ranges",
    ...field("range", "bytes=-500"),
    status: 206,
  }),
  get("two ranges", "/files/pattern.bin", field("range", "bytes=0-9,20000-20099")),
  get("a range beyond the end", "/files/pattern.bin", field("range", "bytes=99999999-")),
  get("a malformed range", "/files/pattern.bin", field("range", "bytes=abc")),
  get("another unit of ranges", "/files/pattern.bin", field("range", "lines=1-2")),
  get("HEAD with a range", "/files/pattern.bin", { method: "HEAD", ...field("range", "bytes=0-99") }),
  conditional("If-None-Match that matches", [["if-none-match", "ETAG"]]),
  conditional("If-None-Match in a list", [["if-none-match", '"other", ETAG']]),
  conditional("If-None-Match of anything", [["if-none-match", "*"]]),
  conditional("If-None-Match that differs", [["if-none-match", '"other"']], 200),
  conditional("If-Modified-Since the change", [["if-modified-since", "CHANGED"]], 304),
  conditional("If-Modified-Since long ago", [["if-modified-since", OLD]], 200),
  conditional("If-Match that differs", [["if-match", '"other"']]),
  conditional("If-Unmodified-Since long ago", [["if-unmodified-since", OLD]]),
  conditional("If-Range that matches", [
    ["if-range", "CHANGED"],
    ["range", "bytes=0-9"],
  ]),
  conditional("If-Range that differs", [
    ["if-range", '"other"'],
    ["range", "bytes=0-9"],
  ]),
  { ...conditional("HEAD with If-Modified-Since", [["if-modified-since", "CHANGED"]]), method: "HEAD" },
  get("an unknown file", "/files/none", { status: 404 }),
  get("HEAD of an unknown file", "/files/none", { method: "HEAD", status: 404 }),
  get("POST to a file", SMALL, { method: "POST", body: Buffer.from("unexpected") }),
  get("DELETE of a file", SMALL, { method: "DELETE" }),
  get("OPTIONS of a file", SMALL, { method: "OPTIONS" }),
  get("PROPFIND of a file", SMALL, { method: "PROPFIND" }),
  get("a directory without its slash", "/files/sub"),
  get("a directory's index", "/files/sub/"),
  get("a blank in a name", "/files/with%20space.txt", { status: 200 }),
  get("a UTF-8 name", "/files/caf%C3%A9.txt", { status: 200 }),
  get("a Latin-1 name", "/files/latin-%E9.txt"),
  get("a plus in a name", "/files/a+b.txt", { status: 200 }),
  get("a percent sign in a name", "/files/100%25.txt", { status: 200 }),
  get("a semicolon in a name", "/files/semi;colon.txt", { status: 200 }),
  get("an encoded slash", "/files/sub%2Findex.html"),
  get("two slashes", "/files//small.txt"),
  get("a query on a file", `${SMALL}?a=b&&c=%zz&d[]=1|2&=`),
  get("a question mark without a query", `${SMALL}?`),
  get("a query of 4,000 bytes", `${SMALL}?q=${"x".repeat(4_000)}`),
  get("dot segments", "/files/sub/../small.txt", { rawPath: true }),
  get("encoded dot segments", "/files/sub/%2e%2e/small.txt", { rawPath: true }),
  get("a malformed escape", "/files/%zz", { rawPath: true }),
  get("a path of 2,000 bytes", `/files/${"x".repeat(200)}/${"y/".repeat(900)}`),
  ...["gzip", "gzip;q=0", "br", "identity", "*", "gzip, deflate, br, zstd"].map((coding) =>
    get(`Accept-Encoding: ${coding}`, "/files/text-30000.txt", field("accept-encoding", coding)),
  ),
  get("HEAD with Accept-Encoding", "/files/text-30000.txt", {
    method: "HEAD",
    ...field("accept-encoding", "gzip"),
  }),
];

const post = (name: string, more: Partial<Case>): Case =>
  get(name, "/app/echo", { method: "POST", status: 200, ...more });
const small = contentOf("a small upload", 1_000);
const large = contentOf("a large upload", 300_000);

const requests: Case[] = [
  get("a request's fields", "/app/echo?a=1", {
    status: 200,
    fields: [
      ["accept", "text/html, */*;q=0.1"],
      ["authorization", "Basic dTpw"],
      ["user-agent", "battery"],
      ["x-quoted", 'a "b, c"; d'],
      ["x-request-id", "one"],
    ],
  }),
  get("an empty request field", "/app/echo", { status: 200, ...field("x-empty", "") }),
  get("a request field twice", "/app/echo", {
    status: 200,
    fields: [
      ["x-list", "a"],
      ["x-list", "b, c"],
    ],
  }),
  get("cookies", "/app/echo", { status: 200, ...field("cookie", "a=1; b=2; c=%3D") }),
  get("a UTF-8 request field", "/app/echo", { status: 200, ...field("x-name", "caf\xc3\xa9") }),
  get("80 request fields", "/app/echo", {
    fields: Array.from({ length: 80 }, (_, number) => [`x-field-${number}`, `value ${number}`] as const),
  }),
  get("a request field of 6,000 bytes", "/app/echo", field("x-large", "v".repeat(6_000))),
  get("an odd query", "/app/echo?a=b&&c=%zz&d[]=1|2&=&e=f=g"),
  get("an encoded path", "/app/echo%3Fa"),
  post("a small upload", { body: small }),
  post("an empty upload", { body: Buffer.alloc(0) }),
  post("a chunked upload", { body: small, chunked: true }),
  post("an empty chunked upload", { body: Buffer.alloc(0), chunked: true }),
  post("a large upload", { body: large }),
  post("a large chunked upload", { body: large, chunked: true }),
  post("PUT", { method: "PUT", body: large }),
  post("PATCH", { method: "PATCH", body: small }),
  post("DELETE", { method: "DELETE" }),
  post("DELETE with a body", { method: "DELETE", body: small }),
  post("OPTIONS", { method: "OPTIONS" }),
  post("Expect: 100-continue", { body: small, ...field("expect", "100-continue") }),
  post("a typed upload", { body: small, ...field("content-type", 'multipart/form-data; boundary="x y"') }),
];

const STATUSES = [
  200, 201, 202, 203, 204, 205, 206, 300, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410, 412,
];
const MORE_STATUSES = [
  413, 414, 418, 421, 422, 425, 428, 429, 431, 451, 500, 501, 502, 503, 504, 507, 511, 599,
];

const answers: Case[] = [
  ...[...STATUSES, ...MORE_STATUSES].map((code) => get(`status ${code}`, `/app/status?code=${code}`)),
  ...[0, 1, 65_536, 300_000].map((n) => get(`${n} bytes`, `/app/bytes?n=${n}`, { status: 200 })),
  ...[1, 65_536, 300_000].map((n) =>
    get(`${n} bytes in chunks`, `/app/bytes?n=${n}&chunked`, { status: 200 }),
  ),
  get("HEAD of bytes", "/app/bytes?n=5000", { method: "HEAD", status: 200 }),
  get("HEAD of chunks", "/app/bytes?n=5000&chunked", { method: "HEAD", status: 200 }),
  get("three cookies", "/app/cookies", { status: 200 }),
  get("a redirect to a path", "/app/redirect?code=302&to=/elsewhere%23part"),
  get("a redirect elsewhere", "/app/redirect?code=301&to=https://example.com/a?b=c"),
  get("60 fields", "/app/fields?count=60&bytes=10", { status: 200 }),
  get("90 fields", "/app/fields?count=90&bytes=10", { status: 200 }),
  get("a field of 3,000 bytes", "/app/fields?count=1&bytes=3000", { status: 200 }),
  get("a field in Latin-1", "/app/latin1", { status: 200 }),
  get("a field in UTF-8", "/app/utf8", { status: 200 }),
  get("a coding that nobody knows", "/app/encoded?as=x-unknown", { status: 200 }),
  get("a coding that does not hold", "/app/encoded?as=br", { status: 200 }),
  get("an unknown route", "/app/none"),
  get("an early answer", "/app/early", { method: "POST", body: small }),
];

const fromOrigin = (name: string, path: string, more: Partial<Case> = {}): Case =>
  get(name, path, { needs: "origin", ...more });

const origin: Case[] = [
  fromOrigin("a field of 12,000 bytes", "/app/fields?count=1&bytes=12000"),
  fromOrigin("200 fields", "/app/fields?count=200&bytes=10"),
  fromOrigin("a connection that ends", "/app/close", { status: 200 }),
  fromOrigin("a body until the end", "/app/until-close?n=30000", { status: 200 }),
  fromOrigin("a body cut short", "/app/cut?n=20000&length"),
  fromOrigin("chunks cut short", "/app/cut?n=20000"),
  fromOrigin("trailers", "/app/trailers", { needs: "trailers", status: 200 }),
  fromOrigin("103 before the answer", "/app/hints", { needs: "interim", status: 200 }),
  fromOrigin("102 before the answer", "/app/processing", { needs: "interim", status: 200 }),
  fromOrigin("a slow answer", "/app/slow", { status: 200 }),
  fromOrigin("a body by and by", "/app/drip?n=20000", { status: 200 }),
  fromOrigin("two challenges", "/app/challenge", { status: 401 }),
  fromOrigin("an empty field", "/app/empty-field", { status: 200 }),
  fromOrigin("odd fields", "/app/odd-fields", { status: 200 }),
  fromOrigin("fields that come twice", "/app/links", { status: 200 }),
  fromOrigin("an upload over the server's limit", "/app/limited", { method: "POST", body: large }),
  fromOrigin("chunks over the server's limit", "/app/limited", {
    method: "POST",
    body: large,
    chunked: true,
  }),
  fromOrigin("a large early answer", "/app/early-large", { method: "POST", body: small }),
  fromOrigin("an early answer that closes", "/app/early-close", { method: "POST", body: small }),
];

/** Each is sent directly and through the tunnel. */
export const cases: readonly Case[] = [...files, ...requests, ...answers, ...origin];
