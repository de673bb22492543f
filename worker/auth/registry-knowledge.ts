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
 * wanted, of an identity nothing more; or null where there is no such thing. Ids are random and never given out twice, so a digest once learnt stays right; whether the key still
 * holds is for the tunnel's object or the Registry to say.
 */
export type Answer = string | null;

export type LookUp = (subjects: readonly Subject[]) => Promise<readonly Answer[]>;

export interface LearnOptions {
  lookUp: LookUp;
  /** Whoever asks has failed too often: its look-ups are put off a little and go together. */
  isSuspect: boolean;
  /** Keeps a look-up going though the request that began it is over: others wait for the same answer. */
  waitUntil: (work: Promise<unknown>) => void;
}

interface Batch {
  openedAtMs: number;
  subjects: Subject[];
  answers: Promise<readonly (Answer | undefined)[]>;
}

/** Each entry is some 200 bytes. */
const MAX_KEPT = 10_000;
/** A tunnel or key that is made a moment after it was asked for is known this much later at most. */
const REFUSED_MS = 5_000;
/** The Registry answers in milliseconds. If it doesn't, the tunnel's object decides by its own copy. */
const TIMEOUT_MS = 1_000;
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
  readonly #inFlight = new Map<string, Promise<Answer | undefined>>();
  /** What goes along with the next look-up of those that are put off, and of those that are not. */
  #batches: { suspect: Batch | null; prompt: Batch | null } = { suspect: null, prompt: null };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Undefined: not known here, or no longer. */
  recall(subject: Subject): Answer | undefined {
    const key = keyOf(subject);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    return (this.#refusedUntilMs.get(key) ?? -Infinity) > this.#nowMs() ? null : undefined;
  }

  /** As `recall`, by a look-up where that is needed. Undefined: the Registry did not answer. Never throws. */
  async learn(subject: Subject, options: LearnOptions): Promise<Answer | undefined> {
    const recalled = this.recall(subject);
    if (recalled !== undefined) return recalled;
    const key = keyOf(subject);
    const asked = this.#inFlight.get(key) ?? this.#ask(subject, key, options);
    // Of its own: the request that began the look-up may have been ended by the platform, together with its timers.
    const answer = await withTimeout(asked, TIMEOUT_MS + GATHER_MS, undefined);
    if (answer === undefined && this.#inFlight.get(key) === asked) this.#inFlight.delete(key);
    return answer;
  }

  /** It was refused by whoever decides: the next one who asks learns it anew. */
  forget(subject: Subject): void {
    this.#known.delete(keyOf(subject));
  }

  #ask(subject: Subject, key: string, options: LearnOptions): Promise<Answer | undefined> {
    const batch = this.#batchOf(options);
    const index = batch.subjects.push(subject) - 1;
    const asked = batch.answers.then((answers) => {
      const answer = answers[index];
      this.#inFlight.delete(key);
      if (answer === null) keep(this.#refusedUntilMs, key, this.#nowMs() + REFUSED_MS);
      else if (answer !== undefined) keep(this.#known, key, answer);
      return answer;
    });
    this.#inFlight.set(key, asked);
    return asked;
  }

  #batchOf({ lookUp, isSuspect, waitUntil }: LearnOptions): Batch {
    const lane = isSuspect ? "suspect" : "prompt";
    const open = this.#batches[lane];
    // One that is older was left behind by a request that the platform ended.
    const isOpen = open !== null && this.#nowMs() - open.openedAtMs < TIMEOUT_MS;
    if (isOpen && open.subjects.length < MAX_SUBJECTS_PER_LOOK_UP) return open;
    const subjects: Subject[] = [];
    const send = async (): Promise<readonly (Answer | undefined)[]> => {
      if (isSuspect) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      // One request's subjects go together.
      else await Promise.resolve();
      if (this.#batches[lane]?.subjects === subjects) this.#batches[lane] = null;
      try {
        return await withTimeout(lookUp(subjects), TIMEOUT_MS, []);
      } catch {
        return [];
      }
    };
    const batch: Batch = { openedAtMs: this.#nowMs(), subjects, answers: send() };
    waitUntil(batch.answers);
    this.#batches[lane] = batch;
    return batch;
  }
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
