import { describe, expect, it } from "vitest";
import type { Stream } from "../../shared/mux/stream.ts";
import { SimPair, SOME_REQUEST } from "../support/sim-pair.ts";

/** An upstream that answers 200 and gives the request's body back. */
function echo(stream: Stream) {
  const pump = () => {
    for (;;) {
      const bytes = stream.read();
      if (bytes === null) break;
      if (!stream.write(bytes)) return;
    }
    if (stream.readEnded) stream.end();
  };
  stream.sendHead({ status: 200, reason: "OK", fields: [["content-type", "text/plain"]] });
  return { onReadable: pump, onWritable: pump, onClosed: () => stream.release() };
}

function send(pair: SimPair, body: Uint8Array) {
  const result = { status: 0, bytes: 0, closed: undefined as unknown, content: [] as Uint8Array[] };
  let at = 0;
  const stream = pair.relay.open(SOME_REQUEST, false, {
    onHead: (head) => (result.status = head.status),
    onReadable: () => {
      for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) {
        result.bytes += bytes.byteLength;
        result.content.push(bytes.slice());
      }
    },
    onWritable: () => pump(),
    onClosed: (error) => (result.closed = error),
  });
  const pump = () => {
    while (at < body.byteLength) {
      const piece = body.subarray(at, at + 20_000);
      at += piece.byteLength;
      if (!stream.write(piece)) return;
    }
    stream.end();
  };
  pump();
  return result;
}

describe("both ends over a link", () => {
  it("carry a request and its echo", () => {
    const pair = new SimPair({ onStream: echo });
    const body = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    const result = send(pair, body);
    pair.clock.advance(5_000);
    expect(result).toMatchObject({ status: 200, bytes: body.byteLength, closed: null });
    expect(Buffer.concat(result.content).equals(body)).toBe(true);
    expect(pair.relay.streamCount).toBe(0);
    expect(pair.connector.streamCount).toBe(0);
    pair.clock.advance(60_000);
    expect(pair.clock.pendingTimers).toBe(0);
  });

  it("go on after the relay lost its memory", () => {
    const pair = new SimPair({ onStream: echo });
    send(pair, new Uint8Array(1_000));
    pair.evictRelay();
    const result = send(pair, new Uint8Array(500));
    pair.clock.advance(1_000);
    expect(result).toMatchObject({ status: 200, bytes: 500, closed: null });
    expect(pair.relay.streamCount + pair.connector.streamCount).toBe(0);
  });
});
