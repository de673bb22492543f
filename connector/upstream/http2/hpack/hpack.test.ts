import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HpackDecoder, HpackError } from "./decoder.ts";
import { encodeHeaders } from "./encoder.ts";
import { decodeHuffman } from "./huffman.ts";

const LIMITS = { bytes: 100_000, fields: 1_000 };
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** RFC 7541, C.5 and C.6: the same three responses, as literals and with Huffman codes, in a table of 256 bytes. */
const RESPONSES = [
  [":status", "302", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  [":status", "307", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  [":status", "200", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:22 GMT"],
];
const LOCATION = ["location", "https://www.example.com"];
const LAST = [
  "content-encoding",
  "gzip",
  "set-cookie",
  "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
];
RESPONSES[0]?.push(...LOCATION);
RESPONSES[1]?.push(...LOCATION);
RESPONSES[2]?.push(...LOCATION, ...LAST);

describe("decoding", () => {
  it.each([
    [
      "literals",
      [
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
      ],
    ],
    [
      "Huffman codes",
      [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
      ],
    ],
  ])("follows the RFC's examples, by %s", (_what, blocks) => {
    const decoder = new HpackDecoder();
    // The examples are made for a table of 256 bytes.
    decoder.decode(bytesOf("3fe101"), LIMITS);
    const decoded = blocks.map((hex) => decoder.decode(bytesOf(hex), LIMITS));
    expect(decoded).toEqual(RESPONSES);
  });

  it("decodes what was encoded, whatever the bytes", () => {
    const text = (least: number) =>
      fc.array(fc.integer({ min: 0, max: 255 }), { minLength: least, maxLength: 300 });
    const fields = fc.array(fc.tuple(text(1), text(0)), { maxLength: 20 });
    fc.assert(
      fc.property(fields, fc.boolean(), (list, first) => {
        const raw = list.flatMap((pair) => pair.map((codes) => String.fromCharCode(...codes)));
        expect(new HpackDecoder().decode(encodeHeaders(raw, first), LIMITS)).toEqual(raw);
      }),
    );
  });

  it("throws nothing but its own error, whatever it is given", () => {
    const decoder = new HpackDecoder();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decoder.decode(Buffer.from(bytes), LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(HpackError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("continues after a block over the limits, with the table that it left", () => {
    const decoder = new HpackDecoder();
    const large = Buffer.concat([bytesOf("40 01 61 01 31"), Buffer.alloc(2_000, 0xbe)]);
    expect(decoder.decode(large, { bytes: 1_000, fields: 3_000 })).toBeNull();
    expect(decoder.decode(large, { bytes: 100_000, fields: 100 })).toBeNull();
    expect(decoder.decode(bytesOf("be"), LIMITS)).toEqual(["a", "1"]);
  });

  it("stores nothing in a table of size 0, and accepts a size update only at the beginning", () => {
    const decoder = new HpackDecoder();
    expect(decoder.decode(bytesOf("20 40 01 61 01 31"), LIMITS)).toEqual(["a", "1"]);
    expect(() => decoder.decode(bytesOf("be"), LIMITS)).toThrow(HpackError);
    expect(() => decoder.decode(bytesOf("88 20"), LIMITS)).toThrow(HpackError);
  });
});

describe("Huffman codes", () => {
  it("are refused if the padding is too long or not of ones, or if they contain EOS", () => {
    expect(decodeHuffman(bytesOf("1f"), 0, 1)).toBe("a");
    for (const hex of ["1f ff", "18", "ff ff ff ff", "ff"]) {
      const bytes = bytesOf(hex);
      expect([hex, decodeHuffman(bytes, 0, bytes.byteLength)]).toEqual([hex, null]);
    }
  });
});

describe("encoding", () => {
  it("uses the static table, and lets no table store a secret", () => {
    const raw = [":method", "GET", ":path", "/x", "cookie", "a=1", "x-a", "\u00e9"];
    expect(encodeHeaders(raw, false).toString("hex")).toBe("8204022f781f1103613d310003782d6101e9");
    expect(encodeHeaders([], true).toString("hex")).toBe("20");
  });
});
