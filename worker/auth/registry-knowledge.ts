import { withTimeout } from "../with-timeout.ts";

/** Something that exists if, and only if, the Registry knows it. */
export interface Subject {
  kind: "tunnel" | "object" | "token" | "identity" | "gateway-key" | "api-key" | "session";
  /** A tunnel's id, an object's name, or a key's id. */
  id: string;
  /** For a token or an identity: the tunnel to which it claims to belong. */
  tunnelId?: string;
}

/**
 * The Registry's answer about a subject: the digest of a secret, the list of a tunnel's objects, the location of an object, nothing
 * more for an identity, or null if it does not exist. Ids are random and never reused, so a digest stays correct. Whether a key is
 * still valid is decided by the tunnel's object or the Registry.
 */
export type RegistryAnswer = string | null;

export type LookUp = (subjects: readonly Subject[]) => Promise<readonly RegistryAnswer[]>;

export interface LearnOptions {
  lookUp: LookUp;
  /** The caller has failed too often, so its look-ups are delayed a little and sent together. */
  isSuspect: boolean;
  /** Keeps a look-up alive after the request that began it is over, because others wait for the same answer. */
  waitUntil: (work: Promise<unknown>) => void;
}

/**
 * One look-up under way. One request has begun it, and others wait for its end. They share no promise, because the platform ties each
 * promise to the request that made it. A promise of another request may never settle, or may continue where all I/O throws.
 */
interface Batch {
  openedAtMs: number;
  subjects: Subject[];
  isOver: boolean;
}

/** Each entry is some 200 bytes. */
const MAX_KEPT = 10_000;
/** If a tunnel or key is created right after somebody asked for it, it is known at most this much later. */
const REFUSED_MS = 5_000;
/** The Registry answers in milliseconds. If it doesn't, the tunnel's object decides by its own copy. */
const TIMEOUT_MS = 1_000;
/** How long a request waits for another request's look-up, which the platform may have ended. Then it asks for itself. */
const SHARED_MS = 500;
/** Waiting requests check after 2 ms, and then after twice as long each time, up to this. */
const MAX_LOOK_MS = 16;
/** However many clients guess, one isolate makes at most a hundred look-ups a second for them. */
const GATHER_MS = 10;
/** Subjects per look-up. The Registry reads each by its key, in about ten microseconds. */
export const MAX_SUBJECTS_PER_LOOK_UP = 500;

/**
 * What one isolate has learnt from the Registry, so that a made-up tunnel or key starts no object, which on this platform would leave a
 * file for ever. If it does not know, it returns `undefined`, and the object or the Registry decides. It never admits anything itself.
 */
export class RegistryKnowledge {
  readonly #nowMs: () => number;
  readonly #known = new Map<string, string>();
  readonly #refusedUntilMs = new Map<string, number>();
  readonly #inFlight = new Map<string, Batch>();
  /** The subjects of the next delayed look-up, and of the next one without delay. */
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
    // Another waiting request may already have asked.
    if (this.recall(subject) === undefined) await over(this.#join(subject, options), TIMEOUT_MS - SHARED_MS);
    return this.recall(subject);
  }

  /** The object or the Registry has refused it, so the next request asks again. */
  forget(subject: Subject): void {
    this.#known.delete(keyOf(subject));
  }

  /** The look-up of this subject: one that is under way, or a new one. */
  #join(subject: Subject, options: LearnOptions): Joined {
    const key = keyOf(subject);
    const shared = this.#inFlight.get(key);
    // An older one was left behind by a request that the platform has ended.
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

  /** Removes it, so that nobody else waits for it. */
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

/** Waits for a look-up. False: another request's look-up is not over after the time limit. Own look-ups have their own limit. */
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
