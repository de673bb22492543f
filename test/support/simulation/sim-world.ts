import type { StreamHandler } from "../../../shared/mux/stream.ts";
import { SimOwner } from "./sim-owner.ts";
import { type PairOptions, SimPair, SOME_REQUEST } from "./sim-pair.ts";

type Side = "relay" | "connector";
export type Command =
  | { do: "open"; kind: "http" | "websocket"; end: boolean }
  | { do: "head" | "trailing" | "finish" | "stop" | "reset" | "pause" | "read"; side: Side; stream: number }
  | { do: "write"; side: Side; stream: number; bytes: number }
  | { do: "wait"; ms: number }
  | { do: "evict" | "sleep" | "goaway" | "cut" | "ping" };

export interface WorldOptions extends Omit<PairOptions, "onStream"> {
  maxStreams: number;
  /** Opens only WebSockets, so that the connection may come to rest. */
  onlyWebSockets: boolean;
}

/**
 * Both ends of one stream. The connector's end appears when OPEN arrives; the relay's end disappears when the object is
 * evicted.
 */
interface Pair {
  relay: SimOwner;
  connector: SimOwner | null;
  forgotten: boolean;
}

/** Both ends of a link, the owners of every stream, and the commands on them. */
export class World {
  readonly pair: SimPair;
  readonly streams: Pair[] = [];
  readonly #onlyWebSockets: boolean;
  readonly #maxStreams: number;
  isCut = false;
  isDraining = false;

  constructor(options: WorldOptions) {
    this.#maxStreams = options.maxStreams;
    this.#onlyWebSockets = options.onlyWebSockets;
    this.pair = new SimPair({
      ...options,
      onStream: (stream) => {
        const number = Number(stream.open.requestId);
        const owner = new SimOwner(number, true, "head");
        owner.stream = stream;
        const record = this.streams[number];
        if (record === undefined || record.connector !== null) throw new Error("a stream nobody opened");
        record.connector = owner;
        return owner;
      },
    });
  }

  run(command: Command): void {
    switch (command.do) {
      case "open":
        return this.#open(this.#onlyWebSockets ? "websocket" : command.kind, command.end);
      case "wait":
        this.pair.clock.advance(command.ms);
        return;
      case "evict":
        if (this.isCut) return;
        return this.#evict();
      case "sleep":
        if (this.isCut) return;
        this.#calmDown();
        return this.#evict();
      case "goaway":
        this.isDraining = true;
        return this.pair.connector.goaway("DRAINING", 1_000);
      case "ping":
        return this.pair.connector.ping();
      case "cut":
        this.isCut = true;
        return this.pair.cut();
      default: {
        const stream = this.streams.at(-1 - (command.stream % Math.min(4, this.streams.length)));
        const owner = stream?.forgotten && command.side === "relay" ? null : stream?.[command.side];
        if (owner) this.#act(owner, command);
      }
    }
  }

  #act(owner: SimOwner, command: Extract<Command, { side: Side }>): void {
    switch (command.do) {
      case "head":
        owner.informational();
        return owner.head(command.stream % 4 === 3);
      case "write":
        return owner.write(command.bytes);
      case "trailing":
        return owner.finish(true);
      case "finish":
        return owner.finish(false);
      case "stop":
        return owner.stop();
      case "reset":
        return owner.reset("CANCEL");
      case "pause":
        owner.reads = false;
        return;
      case "read":
        return owner.readAll();
    }
  }

  /** All that can answer do so, everything that arrives is read, and nothing new is started. */
  #calmDown(): void {
    for (let round = 0; round < 10; round++) {
      for (const owner of this.owners()) {
        owner.head(false);
        owner.reads = true;
        owner.readAll();
      }
      this.pair.clock.advance(200);
    }
  }

  /** Waits until everything done in this turn has been sent, then evicts the object. */
  #evict(): void {
    this.pair.clock.advance(0);
    const live = this.streams.filter(({ relay, forgotten }) => relay.isLive && !forgotten);
    const atRest = (this.pair.stored?.rest ?? null) !== null;
    this.pair.evictRelay();
    for (const stream of live) {
      const { relay } = stream;
      if (!atRest) stream.forgotten = true;
      else if (relay.rest === null || relay.stream === null) throw new Error("a stream that is not at rest");
      else
        relay.stream = this.pair.relay.restoreStream(
          relay.stream.open,
          relay.rest,
          this.#whileInMemory(relay),
        );
    }
  }

  /** An evicted object calls nobody, even if timers of it are left. */
  #whileInMemory(owner: SimOwner): StreamHandler {
    const { relay } = this.pair;
    const current = () => relay === this.pair.relay;
    return {
      onHead: (head) => current() && owner.onHead(head),
      onReadable: () => current() && owner.onReadable(),
      onWritable: () => current() && owner.onWritable(),
      onStop: () => current() && owner.onStop(),
      onRest: (rest) => current() && owner.onRest(rest),
      onClosed: (error) => current() && owner.onClosed(error),
    };
  }

  #open(kind: "http" | "websocket", end: boolean): void {
    if (this.pair.relay.openCredit <= 0) return;
    const ends = end && kind === "http";
    const owner = new SimOwner(this.streams.length, false, ends ? "ended" : "body");
    const requestId = String(this.streams.length);
    this.streams.push({ relay: owner, connector: null, forgotten: false });
    owner.stream = this.pair.relay.open(
      { ...SOME_REQUEST, kind, requestId },
      ends,
      this.#whileInMemory(owner),
    );
    // Nothing is sent on a WebSocket before its 101.
    if (kind === "websocket") owner.mode = "head";
  }

  owners(): SimOwner[] {
    return this.streams.flatMap(({ relay, connector, forgotten }) => [
      ...(forgotten ? [] : [relay]),
      ...(connector === null ? [] : [connector]),
    ]);
  }

  /** Returns which of the rules that must hold at any time are broken. */
  check(): string[] {
    const problems = this.owners().flatMap((owner) => owner.check());
    const { openCredit } = this.pair.relay;
    if (openCredit < 0 || openCredit > this.#maxStreams) problems.push(`credit for ${openCredit} streams`);
    if (!this.isCut)
      problems.push(...this.pair.closedEnds.map(({ end, error }) => `${end}: ${error.message}`));
    return problems;
  }

  /** Everybody reads, answers and ends as they should. Then all streams must end without further help. */
  settle(): string[] {
    if (!this.isCut) this.pair.relay.ping();
    // The smallest budget over the longest path needs minutes for a MiB.
    const goesOn = (): boolean => this.owners().some((owner) => owner.isLive);
    for (let round = 0; round < 60 || (round < 600 && goesOn()); round++) {
      for (const owner of this.owners()) {
        owner.reads = true;
        owner.readAll();
        owner.head(false);
        owner.finish(false);
      }
      this.pair.clock.advance(1_000);
      const problems = this.check();
      if (problems.length > 0) return problems;
    }
    return [];
  }
}
