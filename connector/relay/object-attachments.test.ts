import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Stream } from "../../shared/mux/stream.ts";
import { StreamLimit } from "../../shared/streams/stream-limit.ts";
import type { OpenHead } from "../../shared/protocol/head.ts";
import { encodeObjects } from "../../shared/protocol/object-list.ts";
import type { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { memoryOf } from "../../test/support/memory.ts";
import { Dialled } from "../../test/support/peers/dialled.ts";
import { throwFault } from "../../test/support/throw-fault.ts";
import { ConnectionKeeper } from "./connection-keeper.ts";
import { ObjectAttachments } from "./object-attachments.ts";

const TUNNEL = "tnl_abcdefghij234567abcd";
const B = `${TUNNEL}.b`;
const C = `${TUNNEL}.c`;
const MAX_STREAMS = 7;
const HEAD = {
  ...({ kind: "http", target: "http://x", service: "s", method: "GET", path: "/" } as const),
  ...{ project: "p", environment: "e", requestId: "r", fields: [] },
};
const DEAF = { onReadable() {}, onWritable() {}, onClosed() {} };

interface Dial {
  object: string | null;
  link: Dialled;
}

/** A relay with these objects, each of which takes connections or answers 404. */
class FakeRelay {
  readonly clock = new FakeClock();
  readonly dials: Dial[] = [];
  readonly streams: StreamLimit;
  /** Streams that are served now. */
  readonly served = new Set<Stream>();
  readonly attachments: ObjectAttachments<ConnectionKeeper>;
  /** Takes any dial as one of the first object's, as older relays do. */
  isOld = false;
  /** In the order in which the relay picks them for whoever names none. */
  objects: string[];
  #isAnswering = true;

  constructor(objects: string[], connections = 2, maxStreams = MAX_STREAMS) {
    this.objects = objects;
    this.streams = new StreamLimit(maxStreams, this.clock);
    this.attachments = new ObjectAttachments({
      ...{ connections, tunnelId: () => TUNNEL, clock: this.clock, random: () => 0.5 },
      newKeeper: (slot) =>
        new ConnectionKeeper({
          ...{ clock: this.clock, random: () => 0.5, connectorId: "con_1", softwareVersion: "1" },
          ...{ index: slot.index, maxStreams: 512, stallTimeoutMs: () => 300_000, memory: memoryOf() },
          streams: this.streams,
          ...{ log: pino({ level: "silent" }), reportFault: throwFault },
          dialRelay: (events) => this.#dialled(slot.dialledObject(), events),
          onReady: () => slot.onReady(),
          onObjects: (list) => slot.onObjects(list),
          onRefused: (status) => slot.onRefused(status),
          onChecks() {},
          onStalled() {},
          onLost() {},
          onStream: (stream) => {
            this.served.add(stream);
            return { onReadable() {}, onWritable() {}, onClosed() {} };
          },
        }),
    });
  }

  /** Connections that stand now, as `object/index`. */
  get standing(): string[] {
    const live = this.dials.filter(({ link }) => link.ended === null && link.connectionIndex !== null);
    return live.map(({ object, link }) => `${object ?? "?"}/${link.connectionIndex ?? "?"}`).sort();
  }

  pause(): void {
    this.#isAnswering = false;
  }

  tell(on: string, revision: number, names: readonly string[]): void {
    const dial = this.dials.find(({ object, link }) => object === on && link.ended === null);
    if (dial === undefined) throw new Error(`no connection to ${on}`);
    dial.link.mux.sendSettings(encodeObjects({ revision, names }));
    this.clock.advance(1);
  }

  remove(name: string): void {
    this.objects = this.objects.filter((object) => object !== name);
    for (const { object, link } of this.dials)
      if (object === name && link.ended === null) link.events.onLost("gone");
  }

  /** The upstream's work for it is gone. */
  finish(stream: Stream): void {
    if (!this.served.delete(stream)) return;
    stream.reset("CANCEL");
    stream.release();
  }

  #dialled(named: string | null, events: ConstructorParameters<typeof Dialled>[0]): Dialled {
    const object = this.isOld || named === null ? (this.objects[0] ?? null) : named;
    const link = new Dialled(events, this.clock, object ?? "r");
    this.dials.push({ object, link });
    if (!this.#isAnswering) return link;
    this.clock.after(1, () => {
      if (link.ended !== null) return;
      if (object !== null && this.objects.includes(object)) events.onOpen();
      else {
        link.ended = "terminated";
        events.onRefused(404);
      }
    });
    return link;
  }
}

function attachedTo(objects: string[], connections?: number, maxStreams?: number): FakeRelay {
  const relay = new FakeRelay(objects, connections, maxStreams);
  relay.clock.advance(10);
  return relay;
}

describe("objects of the tunnel", () => {
  it("are one, chosen by the relay, until it lists others", () => {
    const relay = attachedTo([TUNNEL]);
    expect(relay.standing).toEqual([`${TUNNEL}/0`, `${TUNNEL}/1`]);
  });

  it("each get all connections; existing ones are not dialled again", () => {
    const relay = attachedTo([TUNNEL, B, C]);
    relay.tell(TUNNEL, 1, [TUNNEL, B, C]);
    relay.clock.advance(10);
    expect(relay.standing).toEqual([TUNNEL, B, C].flatMap((name) => [`${name}/0`, `${name}/1`]).sort());
    expect(relay.dials).toHaveLength(6);
  });

  it("are listed by every object: an older list changes nothing", () => {
    const relay = attachedTo([TUNNEL, B, C], 1);
    relay.tell(TUNNEL, 5, [TUNNEL, B]);
    relay.clock.advance(10);
    relay.tell(B, 4, [TUNNEL, B, C]);
    relay.tell(B, 5, [C]);
    relay.clock.advance(10);
    expect(relay.standing).toEqual([`${B}/0`, `${TUNNEL}/0`]);
  });

  it("lose their connections when they are off the list, once what is under way is over", () => {
    const relay = attachedTo([TUNNEL, B], 1);
    relay.tell(TUNNEL, 1, [TUNNEL, B]);
    relay.clock.advance(10);
    const onB = relay.dials.find(({ object }) => object === B)?.link;
    onB?.mux.open(HEAD, true, DEAF);
    relay.clock.advance(10);
    relay.tell(TUNNEL, 2, [TUNNEL]);
    relay.clock.advance(1_000);
    expect(relay.standing).toEqual([`${B}/0`, `${TUNNEL}/0`]);
    for (const stream of [...relay.served]) relay.finish(stream);
    relay.clock.advance(1_000);
    expect(relay.standing).toEqual([`${TUNNEL}/0`]);
    expect(relay.attachments.keepers).toHaveLength(1);
  });

  it("are found again by the token alone when all that are known are gone", () => {
    const relay = attachedTo([TUNNEL, B]);
    relay.tell(TUNNEL, 1, [TUNNEL, B]);
    relay.clock.advance(10);
    relay.objects = [C];
    for (const { link } of relay.dials) link.events.onLost("gone");
    relay.clock.advance(10_000);
    expect(relay.standing).toEqual([`${C}/0`, `${C}/1`]);
    // And its list counts, whatever its number.
    relay.objects = [C, B];
    relay.tell(C, 1, [C, B]);
    relay.clock.advance(10);
    expect(relay.standing).toEqual([C, B].flatMap((name) => [`${name}/0`, `${name}/1`]).sort());
  });

  it("may be gone one by one: the list of another object says so", () => {
    const relay = attachedTo([TUNNEL, B], 1);
    relay.tell(TUNNEL, 1, [TUNNEL, B]);
    relay.clock.advance(10);
    relay.remove(B);
    relay.clock.advance(60_000);
    expect(relay.standing).toEqual([`${TUNNEL}/0`]);
  });

  it("of another tunnel end the connection that listed them", () => {
    for (const name of ["tnl_zzzzzzzzzzzzzzzzzzzz", `${TUNNEL}.`, `${TUNNEL}x`]) {
      const relay = attachedTo([TUNNEL], 1);
      relay.tell(TUNNEL, 1, [TUNNEL, name]);
      expect(relay.dials[0]?.link.ended).not.toBe(null);
      relay.clock.advance(10_000);
      expect(relay.attachments.keepers).toHaveLength(1);
    }
  });

  it("are unknown to a relay that went back to an older version: the connector does not dial in circles", () => {
    const relay = attachedTo([TUNNEL, B]);
    relay.tell(TUNNEL, 1, [TUNNEL, B]);
    relay.clock.advance(10);
    relay.isOld = true;
    relay.objects = [TUNNEL];
    for (const { link } of relay.dials) link.events.onLost("deployed");
    const before = relay.dials.length;
    relay.clock.advance(60_000);
    expect(relay.standing).toEqual([`${TUNNEL}/0`, `${TUNNEL}/1`]);
    expect(relay.dials.length - before).toBeLessThan(10);
  });

  it("get the connections that were still dialling when the list came", () => {
    const relay = new FakeRelay([TUNNEL, B]);
    relay.clock.advance(1);
    relay.dials[1]?.link.events.onLost("slow network");
    relay.clock.advance(1);
    relay.tell(TUNNEL, 1, [TUNNEL, B]);
    relay.clock.advance(2_000);
    expect(relay.standing).toEqual([TUNNEL, B].flatMap((name) => [`${name}/0`, `${name}/1`]).sort());
  });
});

it("drains all of them, those off the list among them", async () => {
  const relay = attachedTo([TUNNEL, B]);
  relay.tell(TUNNEL, 1, [TUNNEL, B]);
  relay.clock.advance(10);
  const drained = relay.attachments.drain(1_000);
  relay.clock.advance(2_000);
  await drained;
  expect(relay.standing).toEqual([]);
  relay.clock.advance(60_000);
  expect(relay.standing).toEqual([]);
});

it("serves no more streams than the process allows, whichever objects open them, and gets each place back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(9)), { maxLength: 200 }), (steps) => {
      const relay = attachedTo([TUNNEL, B, C], 1);
      relay.tell(TUNNEL, 1, [TUNNEL, B, C]);
      relay.clock.advance(10);
      const refused: string[] = [];
      for (const [what, which] of steps) {
        const live = relay.dials.filter(({ link }) => link.ended === null && link.mux.openCredit > 0);
        const link = live[which % Math.max(1, live.length)]?.link;
        const stream = [...relay.served][which % Math.max(1, relay.served.size)];
        const servedBefore = relay.served.size;
        if (what < 3) {
          const onClosed = (error: TunnelError | null) => {
            if (error?.code === "OVERLOADED") refused.push(`${servedBefore} ${String(error.notProcessed)}`);
          };
          link?.mux.open(HEAD, true, { ...DEAF, onClosed });
        } else if (what === 3 && stream !== undefined) relay.finish(stream);
        else if (what === 4) link?.forgetStreams();
        else if (what === 5) link?.events.onLost("reset");
        relay.clock.advance(what === 5 ? 40_000 : 10);
        expect(relay.served.size).toBeLessThanOrEqual(MAX_STREAMS);
        expect(relay.streams.taken).toBe(relay.served.size);
      }
      // Nobody is refused while there is a place.
      expect(new Set(refused)).toEqual(new Set(refused.length === 0 ? [] : [`${MAX_STREAMS} true`]));
      for (const stream of [...relay.served]) relay.finish(stream);
      expect(relay.streams.taken).toBe(0);
    }),
    { numRuns: 100 },
  );
});

describe("a caller with few streams, beside one that uses all places of the process over two objects", () => {
  const GREEDY = { ...HEAD, project: "greedy", service: "events" };
  const OTHER = { ...HEAD, project: "other" };

  function crowded() {
    const relay = attachedTo([TUNNEL, B], 1, 536);
    relay.tell(TUNNEL, 1, [TUNNEL, B]);
    relay.clock.advance(10);
    const links = relay.dials.filter(({ link }) => link.ended === null).map(({ link }) => link);
    const outcomes: string[] = [];
    const ask = (head: OpenHead, count: number) =>
      Array.from({ length: count }, (_, index) =>
        links[index % 2]?.mux.open(head, true, {
          ...DEAF,
          onClosed: (error) => outcomes.push(`${head.project} ${error?.code ?? ""}`),
        }),
      );
    ask(GREEDY, 600);
    relay.clock.advance(10);
    expect(outcomes.splice(0)).toEqual(Array.from({ length: 600 - 512 }, () => "greedy OVERLOADED"));
    const served = () => [...relay.served].filter(({ open }) => open.project === "other");
    return { relay, links, outcomes, ask, served };
  }

  it("is served as the other's requests end, and none of its own are refused", () => {
    const { relay, outcomes, ask, served } = crowded();
    ask(OTHER, 60);
    relay.clock.advance(10);
    let count = 0;
    for (let now = served(); now.length > 0; now = served()) {
      count += now.length;
      expect(relay.streams.taken).toBeLessThanOrEqual(536);
      for (const stream of now) relay.finish(stream);
      relay.clock.advance(10);
    }
    expect([count, outcomes.filter((outcome) => outcome.endsWith("OVERLOADED"))]).toEqual([60, []]);
    expect(relay.streams.taken).toBe(512);
  });

  it("loses its place in the queue with its request, its connection or its relay's memory, and leaves nothing behind", () => {
    const { relay, links, ask, served } = crowded();
    const asked = ask(OTHER, 60);
    relay.clock.advance(10);
    const first = served().length;
    for (const stream of asked.slice(-10)) stream?.reset("CANCEL");
    links[0]?.forgetStreams();
    links[1]?.events.onLost("reset");
    relay.clock.advance(10);
    for (const stream of [...relay.served]) relay.finish(stream);
    relay.clock.advance(10);
    expect([first > 15, relay.served.size, relay.streams.taken]).toEqual([true, 0, 0]);
  });

  it("is sent to another connector if no place becomes free", () => {
    const { relay, outcomes, ask, served } = crowded();
    ask(OTHER, 60);
    relay.clock.advance(6_000);
    expect(outcomes).toEqual(Array.from({ length: 60 - served().length }, () => "other OVERLOADED"));
  });
});
