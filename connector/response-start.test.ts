import { describe, expect, it } from "vitest";
import { ResponseStart } from "./response-start.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
const FINAL = "HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\nHTTP/1.1 100 is in a body\r\n\r\n..";

function scanned(text: string, chunkBytes: number): string {
  const start = new ResponseStart();
  start.reset();
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += chunkBytes) start.scan(bytes.subarray(at, at + chunkBytes));
  return bytes.toString("latin1");
}

describe("ResponseStart", () => {
  it.each([1, 2, 3, 7, 1000])("renames every 100 before the final head, in chunks of %i", (chunkBytes) => {
    expect(scanned(CONTINUE + HINTS + CONTINUE + FINAL, chunkBytes)).toBe(
      CONTINUE.replace("100", "102") + HINTS + CONTINUE.replace("100", "102") + FINAL,
    );
  });

  it.each(["HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 110 x\r\n\r\n", "garbage HTTP/1.1 100 x", FINAL])(
    "leaves %j alone",
    (text) => {
      expect(scanned(text, 5)).toBe(text);
    },
  );
});
