import { describe, expect, it, vi } from "vitest";
import { RELAY_MEMORY_BYTES, RELAY_STREAM_WINDOW_BYTES } from "../../../shared/protocol/limits.ts";
import { TCP_METHOD, TCP_PATH, TCP_STATUS } from "../../../shared/protocol/head.ts";
import { SimPair, SOME_REQUEST } from "../../../test/support/simulation/sim-pair.ts";
import { newRecordState, RequestRecord } from "../../events/request-record.ts";
import type { RequestEvent } from "../../../shared/events/request-event.ts";
import { TcpExchange } from "./tcp-exchange.ts";

const OPEN = { ...SOME_REQUEST, kind: "tcp", method: TCP_METHOD, path: TCP_PATH } as const;

/** Connections of which the connector takes nothing but their first window. */
function stalled() {
  const pair = new SimPair({
    onStream: (stream) => {
      stream.sendHead({ status: TCP_STATUS, reason: "", upstreamMs: 1, fields: [] });
      return { onReadable() {}, onWritable() {}, onClosed() {} };
    },
  });
  const events: RequestEvent[] = [];
  const open = async (): Promise<TcpExchange> => {
    const state = newRecordState({
      ...{ requestId: "r", traceId: "", tunnel: "t", project: "p", environment: "e", service: "db" },
      ...{ kind: "tcp" as const, method: OPEN.method, path: OPEN.path, arrivedAtMs: 0 },
    });
    const record = new RequestRecord(
      state,
      () => 0,
      (event) => events.push(event),
    );
    const exchange = new TcpExchange(record, pair.relayMemory, () => 0);
    exchange.attach(pair.relay.open(OPEN, false, exchange));
    pair.clock.advance(20);
    await exchange.head;
    exchange.handedOver();
    return exchange;
  };
  return { pair, open, events };
}

describe("connections whose upstream reads nothing", () => {
  it.each(["push", "write"] as const)("stay within the budget, however many there are: %s", async (way) => {
    vi.useFakeTimers();
    const { pair, open, events } = stalled();
    const cut: string[] = [];
    let mostBytes = 0;
    for (let index = 0; index < 400; index++) {
      const exchange = await open();
      const bytes = new Uint8Array(256 * 1024);
      if (way === "push") exchange.push(bytes);
      else exchange.write(bytes).catch((error: Error & { code: string }) => cut.push(error.code));
      pair.clock.advance(1);
      mostBytes = Math.max(mostBytes, pair.relayMemory.heldBytes);
    }
    expect(mostBytes).toBeLessThanOrEqual(RELAY_MEMORY_BYTES);
    expect(pair.relayMemory.makeRoomFor(RELAY_STREAM_WINDOW_BYTES)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    const over = events.map(({ code }) => code);
    expect(over.length).toBeGreaterThan(100);
    expect(new Set(over)).toEqual(new Set(["OVERLOADED"]));
    if (way === "write") expect(cut).toEqual(over);
    vi.useRealTimers();
  });
});
