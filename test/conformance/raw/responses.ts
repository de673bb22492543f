/**
 * Raw HTTP/1.1 responses, good, odd and hostile, of the kinds that parsers are tested with, and the expected outcome of
 * each. docs/upstreams.md has the reasons.
 */
export interface RawResponse {
  name: string;
  /** Latin-1. After the bytes the connection ends, at once or later. */
  bytes: string;
  method?: "GET" | "HEAD";
  /** `whole`: this status and body. `broken`: this status, and the body breaks off. `refused`: 502. */
  here: { outcome: "whole" | "broken"; status: number; body: string } | { outcome: "refused" };
}

const H = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${H}Transfer-Encoding: chunked\r\n\r\n`;
const LENGTH_2 = "Content-Length: 2\r\n\r\nok";

const whole = (name: string, bytes: string, body = "ok", status = 200): RawResponse => ({
  ...{ name, bytes },
  here: { outcome: "whole", status, body },
});
const broken = (name: string, bytes: string, body = "", status = 200): RawResponse => ({
  ...{ name, bytes },
  here: { outcome: "broken", status, body },
});
const refused = (name: string, bytes: string): RawResponse => ({ name, bytes, here: { outcome: "refused" } });
const toHead = (response: RawResponse): RawResponse => ({ ...response, method: "HEAD" });

const statusLines: RawResponse[] = [
  whole("status: as usual", `${H}${LENGTH_2}`),
  whole("status: no reason", `HTTP/1.1 200 \r\n${LENGTH_2}`),
  whole("status: no space behind it", `HTTP/1.1 200\r\n${LENGTH_2}`),
  whole("status: two spaces before the reason", `HTTP/1.1 200  OK\r\n${LENGTH_2}`),
  whole("status: a reason of many words", `HTTP/1.1 404 Not here, and not there\r\n${LENGTH_2}`, "ok", 404),
  whole("status: a reason beyond ASCII", `HTTP/1.1 200 D\u00e9j\u00e0 vu\r\n${LENGTH_2}`),
  whole("status: HTTP/1.0", `HTTP/1.0 200 OK\r\n${LENGTH_2}`),
  whole("status: 299", `HTTP/1.1 299 Odd\r\n${LENGTH_2}`, "ok", 299),
  whole("status: 599", `HTTP/1.1 599 Odd\r\n${LENGTH_2}`, "ok", 599),
  refused("status: 600", `HTTP/1.1 600 Odd\r\n${LENGTH_2}`),
  refused("status: 999", `HTTP/1.1 999 Odd\r\n${LENGTH_2}`),
  refused("status: 099", `HTTP/1.1 099 Odd\r\n${LENGTH_2}`),
  refused("status: 000", `HTTP/1.1 000 Odd\r\n${LENGTH_2}`),
  refused("status: one digit", `HTTP/1.1 2 OK\r\n${LENGTH_2}`),
  refused("status: two digits", `HTTP/1.1 20 OK\r\n${LENGTH_2}`),
  refused("status: four digits", `HTTP/1.1 2000 OK\r\n${LENGTH_2}`),
  refused("status: letters", `HTTP/1.1 xyz OK\r\n${LENGTH_2}`),
  refused("status: none", `HTTP/1.1\r\n${LENGTH_2}`),
  refused("status: a sign", `HTTP/1.1 +20 OK\r\n${LENGTH_2}`),
  refused("status: no space before the reason", `HTTP/1.1 200OK\r\n${LENGTH_2}`),
  refused("status: two spaces before it", `HTTP/1.1  200 OK\r\n${LENGTH_2}`),
  refused("status: a tab before it", `HTTP/1.1\t200 OK\r\n${LENGTH_2}`),
  refused("version: a letter lacks", `HTP/1.1 200 OK\r\n${LENGTH_2}`),
  refused("version: lower case", `http/1.1 200 OK\r\n${LENGTH_2}`),
  refused("version: 01.1", `HTTP/01.1 200 OK\r\n${LENGTH_2}`),
  refused("version: 1.01", `HTTP/1.01 200 OK\r\n${LENGTH_2}`),
  refused("version: 11.1", `HTTP/11.1 200 OK\r\n${LENGTH_2}`),
  refused("version: 1.2", `HTTP/1.2 200 OK\r\n${LENGTH_2}`),
  refused("version: 2.0", `HTTP/2.0 200 OK\r\n${LENGTH_2}`),
  refused("version: 5.6", `HTTP/5.6 200 OK\r\n${LENGTH_2}`),
  refused("version: another protocol's", `ICY 200 OK\r\n${LENGTH_2}`),
  refused("version: HTTP/0.9, a body alone", "<html>hello</html>"),
  refused("nothing at all", ""),
  refused("half a status line", "HTTP/1.1 20"),
  refused("half a head", `${H}Content-Len`),
  refused("a control character in the reason", `HTTP/1.1 200 a\u0001\r\n${LENGTH_2}`),
  refused("NUL in the reason", `HTTP/1.1 200 a\u0000b\r\n${LENGTH_2}`),
  whole("first: an empty line", `\r\n${H}${LENGTH_2}`),
  whole("first: two empty lines", `\r\n\r\n${H}${LENGTH_2}`),
  refused("first: a hundred empty lines", `${"\r\n".repeat(100)}${H}${LENGTH_2}`),
  refused("first: a bare LF", `\n${H}${LENGTH_2}`),
  refused("first: a bare CR", `\r${H}${LENGTH_2}`),
  refused("first: a space", ` ${H}${LENGTH_2}`),
];

const fields: RawResponse[] = [
  whole("field: none", `${H}\r\nall of it`, "all of it"),
  whole("field: any case, no blank", `${H}cONTENT-lENGTH:2\r\n\r\nok`),
  whole("field: blanks around the value", `${H}Content-Length: \t 2 \t\r\n\r\nok`),
  whole("field: an empty value", `${H}X:\r\n${LENGTH_2}`),
  whole("field: a colon in the value", `${H}X: a:b\r\n${LENGTH_2}`),
  whole("field: underscores in the name", `${H}DCLK_imp: v7;x\r\n${LENGTH_2}`),
  whole("field: every character of a token", `${H}!#$%&'*+-.^_\`|~1: a\r\n${LENGTH_2}`),
  whole("field: Latin-1 in the value", `${H}X: caf\u00e9\r\n${LENGTH_2}`),
  whole("field: a tab in the value", `${H}X: a\tb\r\n${LENGTH_2}`),
  whole("field: a blank before the colon", `${H}X : a\r\n${LENGTH_2}`),
  whole("field: a tab before the colon", `${H}X\t: a\r\n${LENGTH_2}`),
  whole("field: a blank before the colon of a length", `${H}Content-Length : 2\r\n\r\nok`),
  refused("field: a blank in the name", `${H}X Y: a\r\n${LENGTH_2}`),
  refused("field: a name beyond ASCII", `${H}X\u00e9: a\r\n${LENGTH_2}`),
  refused("field: a control character in the name", `${H}X\u0001: a\r\n${LENGTH_2}`),
  refused("field: a parenthesis in the name", `${H}X(y): a\r\n${LENGTH_2}`),
  refused("field: no name", `${H}: a\r\n${LENGTH_2}`),
  refused("field: no colon", `${H}nothing\r\n${LENGTH_2}`),
  refused("field: NUL in the value", `${H}X: a\u0000b\r\n${LENGTH_2}`),
  refused("field: a control character in the value", `${H}X: a\u0001b\r\n${LENGTH_2}`),
  refused("field: DEL in the value", `${H}X: a\u007fb\r\n${LENGTH_2}`),
  refused("field: folded with a space", `${H}X: a\r\n b\r\n${LENGTH_2}`),
  refused("field: folded with a tab", `${H}X: a\r\n\tb\r\n${LENGTH_2}`),
  refused("field: folded right behind the status line", `${H} X: a\r\n${LENGTH_2}`),
  refused("field: a folded length", `${H}Content-Length:\r\n 2\r\n\r\nok`),
  refused("field: a folded coding", `${H}Transfer-Encoding:\r\n chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused("line: LF alone everywhere", `${H}${LENGTH_2}`.replaceAll("\r\n", "\n")),
  refused("line: LF alone behind the status line", `HTTP/1.1 200 OK\n${LENGTH_2}`),
  refused("line: LF alone behind a field", `${H}X: a\n${LENGTH_2}`),
  refused("line: LF alone for the empty line", `${H}Content-Length: 2\r\n\nok`),
  refused("line: CR alone behind a field", `${H}X: a\rContent-Length: 2\r\n\r\nok`),
  refused("line: CR alone for the empty line", `${H}Content-Length: 2\r\n\rok`),
  refused("line: CR CR LF", `${H}X: a\r\r\n${LENGTH_2}`),
  refused("line: LF CR", `${H}X: a\n\r${LENGTH_2}`),
  refused("head: a field of 200 KiB", `${H}X: ${"x".repeat(200 * 1024)}\r\n${LENGTH_2}`),
  refused("head: 20,000 fields", `${H}${"X: a\r\n".repeat(20_000)}${LENGTH_2}`),
];

const lengths: RawResponse[] = [
  whole("length: 0", `${H}Content-Length: 0\r\n\r\n`, ""),
  whole("length: leading zeros", `${H}Content-Length: 0002\r\n\r\nok`),
  whole("length: more comes than it says", `${H}Content-Length: 2\r\n\r\nokay`),
  whole("length: the next response behind it", `${H}${LENGTH_2}${H}${LENGTH_2}`),
  broken("length: less comes than it says", `${H}Content-Length: 5\r\n\r\nhel`, "hel"),
  broken("length: nothing comes", `${H}Content-Length: 5\r\n\r\n`),
  whole("length: the same twice", `${H}Content-Length: 2\r\n${LENGTH_2}`),
  whole("length: a list of the same", `${H}Content-Length: 2, 2\r\n\r\nok`),
  refused("length: two different ones", `${H}Content-Length: 5\r\n${LENGTH_2}`),
  refused("length: a list of different ones", `${H}Content-Length: 2, 5\r\n\r\nok`),
  refused("length: the same, spelt in two ways", `${H}Content-Length: 02\r\n${LENGTH_2}`),
  refused("length: empty", `${H}Content-Length:\r\n\r\nok`),
  refused("length: a plus", `${H}Content-Length: +2\r\n\r\nok`),
  refused("length: a minus", `${H}Content-Length: -2\r\n\r\nok`),
  refused("length: hexadecimal", `${H}Content-Length: 0x2\r\n\r\nok`),
  refused("length: a fraction", `${H}Content-Length: 2.0\r\n\r\nok`),
  refused("length: a word", `${H}Content-Length: two\r\n\r\nok`),
  refused("length: digits and a word", `${H}Content-Length: 2 bytes\r\n\r\nok`),
  refused("length: blanks between digits", `${H}Content-Length: 1 2\r\n\r\nok`),
  refused("length: 2^53", `${H}Content-Length: 9007199254740992\r\n\r\nok`),
  refused("length: 2^64 + 2", `${H}Content-Length: 18446744073709551618\r\n\r\nok`),
  refused("length: a list that ends in a comma", `${H}Content-Length: 2,\r\n\r\nok`),
];

const codings: RawResponse[] = [
  whole("coding: chunked", `${CHUNKED}2\r\nok\r\n0\r\n\r\n`),
  whole("coding: CHUNKED", `${H}Transfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  whole("coding: a blank before its colon", `${H}Transfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  whole("coding: identity", `${H}Transfer-Encoding: identity\r\n\r\nall of it`, "all of it"),
  whole(
    "coding: chunked from HTTP/1.0",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ),
  refused("coding: gzip, chunked", `${H}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused(
    "coding: gzip and chunked in two fields",
    `${H}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  refused("coding: gzip", `${H}Transfer-Encoding: gzip\r\n\r\nok`),
  refused("coding: chunked, gzip", `${H}Transfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused(
    "coding: chunked, identity",
    `${H}Transfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  refused(
    "coding: identity, chunked",
    `${H}Transfer-Encoding: identity, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  refused("coding: chunked twice", `${H}Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused("coding: chunkedchunked", `${H}Transfer-Encoding: chunkedchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused("coding: xchunked", `${H}Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused(
    "coding: chunked with a parameter",
    `${H}Transfer-Encoding: chunked;a=b\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  refused("coding: a comma and chunked", `${H}Transfer-Encoding: , chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused("coding: quoted", `${H}Transfer-Encoding: "chunked"\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  refused("coding: empty", `${H}Transfer-Encoding:\r\n\r\nok`),
  refused("coding: empty, and a length", `${H}Transfer-Encoding:\r\n${LENGTH_2}`),
  refused(
    "coding: chunked behind a length",
    `${H}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  refused(
    "coding: chunked before a length",
    `${H}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  refused("coding: identity and a length", `${H}Transfer-Encoding: identity\r\n${LENGTH_2}`),
];

const chunks: RawResponse[] = [
  whole("chunk: none but the last", `${CHUNKED}0\r\n\r\n`, ""),
  whole(
    "chunk: several, any case",
    `${CHUNKED}2\r\nok\r\nA\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n`,
    "ok01234567890123456789a",
  ),
  whole("chunk: leading zeros", `${CHUNKED}0002\r\nok\r\n000\r\n\r\n`),
  whole("chunk: chunks inside of it", `${CHUNKED}5\r\n0\r\n\r\n\r\n0\r\n\r\n`, "0\r\n\r\n"),
  whole("chunk: extensions", `${CHUNKED}2;a;b=c;d="e; f"\r\nok\r\n0;x\r\n\r\n`),
  whole("chunk: blanks behind the size", `${CHUNKED}2  \r\nok\r\n0 \r\n\r\n`),
  whole("chunk: a tab behind the size", `${CHUNKED}2\t\r\nok\r\n0\r\n\r\n`),
  whole("chunk: a blank before the semicolon", `${CHUNKED}2 ;a=b\r\nok\r\n0\r\n\r\n`),
  whole("chunk: a blank behind the semicolon", `${CHUNKED}2; a=b\r\nok\r\n0\r\n\r\n`),
  whole("chunk: blanks around the equals sign", `${CHUNKED}2;a = b\r\nok\r\n0\r\n\r\n`),
  whole("chunk: a field behind the last", `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`),
  broken("chunk: a blank before the size", `${CHUNKED} 2\r\nok\r\n0\r\n\r\n`),
  broken("chunk: a word behind the size", `${CHUNKED}2 word\r\nok\r\n0\r\n\r\n`),
  broken("chunk: no extension behind the semicolon", `${CHUNKED}2;\r\nok\r\n0\r\n\r\n`),
  broken("chunk: half a quotation", `${CHUNKED}2;a="b\r\nok\r\n0\r\n\r\n`),
  broken("chunk: LF alone in an extension", `${CHUNKED}2;a\nok\r\n0\r\n\r\n`),
  broken("chunk: a minus", `${CHUNKED}-2\r\nok\r\n0\r\n\r\n`),
  broken("chunk: a plus", `${CHUNKED}+2\r\nok\r\n0\r\n\r\n`),
  broken("chunk: 0x", `${CHUNKED}0x2\r\nok\r\n0\r\n\r\n`),
  broken("chunk: no size", `${CHUNKED}\r\nok\r\n0\r\n\r\n`),
  broken("chunk: a letter for a size", `${CHUNKED}g\r\nok\r\n0\r\n\r\n`),
  broken("chunk: a size of 17 digits", `${CHUNKED}00000000000000002\r\nok\r\n0\r\n\r\n`),
  broken("chunk: 2^64 + 2", `${CHUNKED}10000000000000002\r\nok\r\n0\r\n\r\n`),
  broken("chunk: LF alone behind the size", `${CHUNKED}2\nok\r\n0\r\n\r\n`),
  broken("chunk: LF alone behind its bytes", `${CHUNKED}2\r\nok\n0\r\n\r\n`, "ok"),
  broken("chunk: CR alone behind its bytes", `${CHUNKED}2\r\nok\r0\r\n\r\n`, "ok"),
  broken("chunk: longer than its size", `${CHUNKED}2\r\nokay\r\n0\r\n\r\n`, "ok"),
  broken("chunk: shorter than its size", `${CHUNKED}5\r\nok\r\n0\r\n\r\n`, "ok\r\n0"),
  broken("chunk: no end of its line", `${CHUNKED}2\r\nok`, "ok"),
  broken("chunk: none is the last", `${CHUNKED}2\r\nok\r\n`, "ok"),
  broken("chunk: the last without its empty line", `${CHUNKED}2\r\nok\r\n0\r\n`, "ok"),
  broken("chunk: a length behind the last", `${CHUNKED}2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n`, "ok"),
  broken("chunk: no colon behind the last", `${CHUNKED}2\r\nok\r\n0\r\nnothing\r\n\r\n`, "ok"),
  broken("chunk: an extension of 64 KiB", `${CHUNKED}2;${"x".repeat(64 * 1024)}\r\nok\r\n0\r\n\r\n`),
];

const bodyless: RawResponse[] = [
  toHead(whole("HEAD: a length", `${H}Content-Length: 5\r\n\r\n`, "")),
  toHead(whole("HEAD: chunked", CHUNKED, "")),
  toHead(whole("HEAD: no framing", `${H}\r\n`, "")),
  toHead(whole("HEAD: both framings", `${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, "")),
  toHead(whole("HEAD: gzip, chunked", `${H}Transfer-Encoding: gzip, chunked\r\n\r\n`, "")),
  toHead(whole("HEAD: a body all the same", `${H}Content-Length: 5\r\n\r\nhello`, "")),
  whole("204: as usual", "HTTP/1.1 204 No Content\r\n\r\n", "", 204),
  whole("204: a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", 204),
  whole("204: a body all the same", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "", 204),
  whole(
    "204: both framings",
    "HTTP/1.1 204 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "",
    204,
  ),
  whole("304: a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", 304),
  whole("304: chunked", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "", 304),
  whole(
    "304: both framings",
    "HTTP/1.1 304 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "",
    304,
  ),
];

const interim: RawResponse[] = [
  whole("1xx: 100 before it", `HTTP/1.1 100 Continue\r\n\r\n${H}${LENGTH_2}`),
  whole("1xx: 103 with fields before it", `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${H}${LENGTH_2}`),
  whole("1xx: 199 before it", `HTTP/1.1 199 Odd\r\n\r\n${H}${LENGTH_2}`),
  whole("1xx: ten before it", `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(10)}${H}${LENGTH_2}`),
  whole("1xx: one that claims a length", `HTTP/1.1 103 x\r\nContent-Length: 5\r\n\r\n${H}${LENGTH_2}`),
  refused("1xx: and nothing behind it", "HTTP/1.1 100 Continue\r\n\r\n"),
  refused("1xx: 101 with nothing", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  refused(
    "1xx: 101 that upgrades",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nmore",
  ),
  refused(
    "1xx: 101 with a length",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\nContent-Length: 4\r\n\r\nbody",
  ),
  whole("200 that offers an upgrade", `${H}Upgrade: h2c\r\nConnection: Upgrade\r\n${LENGTH_2}`),
];

const compressed: RawResponse[] = [
  whole("encoding: passed on as it is", `${H}Content-Encoding: x-none\r\n${LENGTH_2}`),
];

export const responses: readonly RawResponse[] = [
  ...statusLines,
  ...fields,
  ...lengths,
  ...codings,
  ...chunks,
  ...bodyless,
  ...interim,
  ...compressed,
];
