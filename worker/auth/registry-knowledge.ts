import { withTimeout } from "../with-timeout.ts";

/** Something that exists if, and only if, the Registry knows it. */
export interface Subject {
  kind: "tunnel" | "object" | "token" | "identity" | "gateway-key" | "api-key" | "session";
  /** Of a tunnel its id, of an object its name, else the key's id. */
  id: string;
  /** Of a token or an identity: the tunnel that it claims to be of. */
  tunnelId?: string;
}

/**
 * What the Registry says of a subject: the digest of its secret, of a tunnel the list of its objects, of an object where it is
 * wanted, of an identity nothing more; or null where there is no such thing. Ids are random and never given out twice, so a
 * digest once learnt stays right; whether the key still holds is for the tunnel's object or the Registry to say.
 */
export type RegistryAnswer = string | null;

export type LookUp = (subjects: readonly Subject[]) => Promise<readonly RegistryAnswer[]>;

export interface LearnOptions {
  lookUp: LookUp;
  /** Whoever asks has failed too often: its look-ups are put off a little and go together. */
  isSuspect: boolean;
  /** Keeps a look-up going though the request that began it is over: others wait for the same answer. */
  waitUntil: (work: Promise<unknown>) => void;
}

/**
 * One look-up under way, begun by one request, whose end others wait for. They share no promise: the platform ties each to
 * the request that made it. One that is settled elsewhere may never settle, or go on where all other I/O throws.
 */
interface Batch {
  openedAtMs: number;
  subjects: Subject[];
  isOver: boolean;
}

/** Each entry is some 200 bytes. */
const MAX_KEPT = 10_000;
/** A tunnel or key that is made a moment after it was asked for is known this much later at most. */
const REFUSED_MS = 5_000;
/** The Registry answers in milliseconds. If it doesn't, the tunnel's object decides by its own copy. */
const TIMEOUT_MS = 1_000;
/** So long a request waits for a look-up of another one, which the platform may have ended; then it asks for itself. */
const SHARED_MS = 500;
/** Those that wait look after 2 ms, and then after twice as long each time, up to this. */
const MAX_LOOK_MS = 16;
/** However many guess: at most a hundred look-ups a second come of it from one isolate. */
const GATHER_MS = 10;
/** The Registry reads each by its key, in some ten microseconds. */
export const MAX_SUBJECTS_PER_LOOK_UP = 500;

/**
 * What one isolate has learnt of the Registry, so that a made-up tunnel or key starts no object, which on this platform
 * leaves a file for ever. In doubt it says `undefined`, and whoever decides is asked: nothing is ever let in by this.
 */
export class RegistryKnowledge {
  readonly #nowMs: () => number;
  readonly #known = new Map<string, string>();
  readonly #refusedUntilMs = new Map<string, number>();
  readonly #inFlight = new Map<string, Batch>();
  /** What goes along with the next look-up of those that are put off, and of those that are not. */
  #batches: { suspect: Batch | null; prompt: Batch | null } = { suspect: null, prompt: null };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Undefined: not known here, or no longer. */
  recall(subject: Subject): RegistryAnswer | undefined {
    const key = keyOf(subject);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    return (this.#refusedUntilMs.get(key) ?? -Infinity) > this.#nowMs() ? null : undefined;
  }

  /** As `recall`, by a look-up where that is needed. Undefined: the Registry did not answer. Never throws. */
  async learn(subject: Subject, options: LearnOptions): Promise<RegistryAnswer | undefined> {
    const recalled = this.recall(subject);
    if (recalled !== undefined) return recalled;
    const first = this.#join(subject, options);
    if (await over(first, SHARED_MS)) return this.recall(subject);
    this.#abandon(first.batch);
    // Somebody else who waited may have asked already.
    if (this.recall(subject) === undefined) await over(this.#join(subject, options), TIMEOUT_MS - SHARED_MS);
    return this.recall(subject);
  }

  /** It was refused by whoever decides: the next one who asks learns it anew. */
  forget(subject: Subject): void {
    this.#known.delete(keyOf(subject));
  }

  /** The look-up of this subject that is under way, or one that it goes along with. */
  #join(subject: Subject, options: LearnOptions): Joined {
    const key = keyOf(subject);
    const shared = this.#inFlight.get(key);
    // One that is older was left behind by a request that the platform ended.
    if (shared !== undefined && this.#isYoung(shared)) return { batch: shared, own: null };
    const lane = options.isSuspect ? "suspect" : "prompt";
    const open = this.#batches[lane];
    const isOpen = open !== null && this.#isYoung(open) && open.subjects.length < MAX_SUBJECTS_PER_LOOK_UP;
    const batch = isOpen ? open : { openedAtMs: this.#nowMs(), subjects: [], isOver: false };
    batch.subjects.push(subject);
    this.#inFlight.set(key, batch);
    if (isOpen) return { batch, own: null };
    this.#batches[lane] = batch;
    const own = this.#send(batch, lane, options);
    options.waitUntil(own);
    return { batch, own };
  }

  async #send(batch: Batch, lane: "suspect" | "prompt", { lookUp, isSuspect }: LearnOptions): Promise<void> {
    const { subjects } = batch;
    if (isSuspect) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    // One request's subjects go together.
    else await Promise.resolve();
    if (this.#batches[lane] === batch) this.#batches[lane] = null;
    let answers: readonly (RegistryAnswer | undefined)[] = [];
    try {
      answers = await withTimeout(lookUp(subjects), TIMEOUT_MS, []);
    } catch {
      // Nothing is learnt.
    }
    for (const [index, subject] of subjects.entries()) this.#keep(keyOf(subject), answers[index]);
    this.#abandon(batch);
    batch.isOver = true;
  }

  #keep(key: string, answer: RegistryAnswer | undefined): void {
    if (answer === null) keep(this.#refusedUntilMs, key, this.#nowMs() + REFUSED_MS);
    else if (answer !== undefined) keep(this.#known, key, answer);
  }

  /** Nobody else is to wait for it. */
  #abandon(batch: Batch): void {
    for (const lane of ["suspect", "prompt"] as const)
      if (this.#batches[lane] === batch) this.#batches[lane] = null;
    for (const subject of batch.subjects) {
      const key = keyOf(subject);
      if (this.#inFlight.get(key) === batch) this.#inFlight.delete(key);
    }
  }

  #isYoung({ openedAtMs }: Batch): boolean {
    return this.#nowMs() - openedAtMs < TIMEOUT_MS;
  }
}

/** `own`: what this request itself has begun. */
interface Joined {
  batch: Batch;
  own: Promise<void> | null;
}

/** Own look-ups are bounded by themselves. False: another request's is not over after so long. */
async function over({ batch, own }: Joined, timeoutMs: number): Promise<boolean> {
  if (own !== null) await own;
  for (let waitedMs = 0, lookMs = 1; !batch.isOver && waitedMs < timeoutMs; waitedMs += lookMs) {
    lookMs = Math.min(2 * lookMs, MAX_LOOK_MS);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return batch.isOver;
}

function keyOf({ kind, id, tunnelId = "" }: Subject): string {
  return `${kind} ${id} ${tunnelId}`;
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_KEPT) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
