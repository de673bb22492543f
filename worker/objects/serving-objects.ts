/*
 * Which of a tunnel's objects a request goes to. `relay-to-tunnel.ts` and `dial-tunnel.ts` ask it, and the connectors' route for the
 * first object.
 *
 * It knows only what this isolate has learnt, so a request waits for no look-up. Its list may be old: an object that has a newer
 * one sends it along with its answer. It never chooses an object that has just failed the same request.
 *
 * docs/architecture.md#a-tunnel-on-several-objects; decisions 0037 and 0054.
 */
import type { LocationHint } from "../tunnel/configuration/tunnel-objects.ts";
import { parseServing } from "../tunnel/configuration/tunnel-objects.ts";

/** Tunnels that one isolate remembers the objects of; each is some hundred bytes. */
const MAX_TUNNELS = 1_000;
/** How often an isolate asks whether the list has changed. Not each time: reading a list from an answer costs CPU time. */
const ASK_EVERY_MS = 1_000;
/** How long an object is skipped after it said that it is full. */
const LEFT_OUT_MS = 1_000;
/** How long a stuck object is skipped: as long as it takes to detect it. */
export const SILENT_LEFT_OUT_MS = 30_000;

interface KnownObject {
  name: string;
  location: LocationHint | null;
  /** Requests of this isolate that are under way there. */
  open: number;
  leftOutUntilMs: number;
}

interface KnownTunnel {
  revision: number;
  /** What `learn` was told last. The same text comes with every request, and is read once. */
  told: string;
  objects: KnownObject[];
  askedAtMs: number;
}

/** The object that a request goes to. */
export interface ChosenObject {
  readonly name: string;
  readonly location: LocationHint | null;
  /** Revision to send to the object, which answers with its list if that is newer. Undefined: do not ask now. */
  readonly knownRevision: number | undefined;
  /** There are others to turn to. */
  readonly hasSiblings: boolean;
  /** Call it once, when the request is over. */
  done(): void;
  /** The object cannot accept requests now, nor for `forMs`. */
  leaveOut(forMs?: number): void;
}

/**
 * Which object of its tunnel a request goes to, by what this isolate knows: of two picked at random, the one with fewer
 * of this isolate's requests under way. So a request needs no look-up, and in the steady state no extra field.
 */
export class ServingObjects {
  readonly #tunnels = new Map<string, KnownTunnel>();
  readonly #nowMs: () => number;
  readonly #random: () => number;

  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  /** `not`: the object that already failed this request. Null: there is no other. */
  choose(tunnelId: string, not?: string): ChosenObject | null {
    const tunnel =
      this.#tunnels.get(tunnelId) ?? this.#remember(tunnelId, 0, [{ name: tunnelId, location: null }]);
    const others = not === undefined ? tunnel.objects : tunnel.objects.filter(({ name }) => name !== not);
    const nowMs = this.#nowMs();
    const willing = others.filter(({ leftOutUntilMs }) => leftOutUntilMs <= nowMs);
    const object = this.#lessLoaded(willing.length > 0 ? willing : others);
    if (object === null) return null;
    const asks = nowMs - tunnel.askedAtMs >= ASK_EVERY_MS;
    if (asks) tunnel.askedAtMs = nowMs;
    object.open++;
    let isOver = false;
    return {
      name: object.name,
      location: object.location,
      knownRevision: asks ? tunnel.revision : undefined,
      hasSiblings: tunnel.objects.length > 1,
      done() {
        if (!isOver) object.open--;
        isOver = true;
      },
      leaveOut: (forMs = LEFT_OUT_MS) => {
        object.leftOutUntilMs = Math.max(object.leftOutUntilMs, this.#nowMs() + forMs);
      },
    };
  }

  /** The first object, where a connector without a list begins: it gets the whole list there. */
  first(tunnelId: string): { name: string; location: LocationHint | null } {
    return this.#tunnels.get(tunnelId)?.objects[0] ?? { name: tunnelId, location: null };
  }

  /** Accepts a newer list, from the Registry or an object. */
  learn(tunnelId: string, text: string): void {
    const before = this.#tunnels.get(tunnelId);
    if (before?.told === text) return;
    const told = parseServing(text);
    if (told === null || told.objects.length === 0) return;
    const known =
      before !== undefined && before.revision >= told.revision
        ? before
        : this.#remember(tunnelId, told.revision, told.objects, before);
    known.told = text;
  }

  #remember(
    tunnelId: string,
    revision: number,
    objects: readonly { name: string; location: LocationHint | null }[],
    before?: KnownTunnel,
  ): KnownTunnel {
    const tunnel: KnownTunnel = {
      revision,
      told: "",
      // Keep the counts of requests that are still under way.
      objects: objects.map(
        ({ name, location }) =>
          before?.objects.find((known) => known.name === name) ?? {
            name,
            location,
            open: 0,
            leftOutUntilMs: 0,
          },
      ),
      askedAtMs: before?.askedAtMs ?? -Infinity,
    };
    this.#tunnels.delete(tunnelId);
    this.#tunnels.set(tunnelId, tunnel);
    const [oldest] = this.#tunnels.keys();
    if (this.#tunnels.size > MAX_TUNNELS && oldest !== undefined) this.#tunnels.delete(oldest);
    return tunnel;
  }

  #lessLoaded(objects: readonly KnownObject[]): KnownObject | null {
    const [first] = objects;
    if (first === undefined || objects.length === 1) return first ?? null;
    const a = Math.floor(this.#random() * objects.length);
    const b = (a + 1 + Math.floor(this.#random() * (objects.length - 1))) % objects.length;
    const [one = first, other = first] = [objects[a], objects[b]];
    return other.open < one.open ? other : one;
  }
}

/** Of this isolate. */
export const servingObjects = new ServingObjects(
  () => Date.now(),
  () => Math.random(),
);
