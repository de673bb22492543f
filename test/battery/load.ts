import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Dice } from "../support/dice.ts";
import type { Seen, Wanted } from "./exchange.ts";
import { FILE_SIZES, type Root } from "./root.ts";
import type { Offer } from "./servers/real-server.ts";

const MAX_BYTES = 300_000;
/** A file. No server here accepts an upload to it. */
export const REFUSED_PATH = "/files/small.txt";

/** A request, and a check of its answer that returns what is wrong, or null. */
interface Task {
  wanted: Wanted;
  /** The answer comes during the upload. */
  early?: true;
  judge: (seen: Seen) => string | null;
}

export interface LoadOptions {
  /** Sends the request and returns its outcome. */
  send: (wanted: Wanted, early: boolean) => Promise<Seen>;
  /** The status and body that a server answers to an upload to a file. */
  refusal: Seen | null;
  offers: readonly Offer[];
  root: Root;
  lanes: number;
  requests: number;
  seed: number;
}

/** Sends requests of random size and checks every byte. Returns what went wrong, with counts. */
export async function runLoad(options: LoadOptions): Promise<Map<string, number>> {
  const wrong = new Map<string, number>();
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < options.requests) {
      // Seed by the request's number and not by its lane, so that the requests are the same in whatever order they end.
      const task = taskOf(options, new Dice(options.seed * 1_000_003 + begun++));
      const { judge, early: isEarly = false } = task;
      const chunked = task.wanted.chunked === true && options.offers.includes("unsized");
      const wanted = { ...task.wanted, chunked };
      const seen = await options.send(wanted, isEarly);
      const problem = judge(seen);
      if (problem === null) continue;
      const kind = `${wanted.method} ${wanted.path.replaceAll(/\d+/g, "N")}: ${problem}`;
      wrong.set(kind, (wrong.get(kind) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return wrong;
}

function taskOf({ offers, root, refusal }: LoadOptions, dice: Dice): Task {
  const kinds: ((root: Root, dice: Dice) => Task)[] = [];
  if (offers.includes("files")) kinds.push(file, file);
  if (offers.includes("ranges")) kinds.push(range);
  if (refusal !== null) kinds.push(() => refused(root, dice, refusal));
  if (offers.includes("gzip")) kinds.push(compressed);
  if (offers.includes("application")) kinds.push(bytes, upload, upload);
  if (offers.includes("origin")) kinds.push(early);
  return (kinds[dice.below(kinds.length)] ?? file)(root, dice);
}

/** Most sizes are small. */
const size = (dice: Dice) =>
  dice.pick(
    () => dice.below(300),
    () => dice.below(20_000),
    () => dice.below(MAX_BYTES),
  )();

function file({ files }: Root, dice: Dice): Task {
  const path = `${FILE_SIZES[dice.below(FILE_SIZES.length)]}.bin`;
  if (dice.below(10) === 0)
    return { wanted: { method: "HEAD", path: `/files/${path}` }, judge: whole(200, Buffer.alloc(0)) };
  return { wanted: { method: "GET", path: `/files/${path}` }, judge: whole(200, files.get(path)) };
}

function range({ pattern }: Root, dice: Dice): Task {
  const at = dice.below(pattern.byteLength - MAX_BYTES);
  const length = size(dice) + 1;
  const fields = [["range", `bytes=${at}-${at + length - 1}`]] as const;
  return {
    wanted: { method: "GET", path: "/files/pattern.bin", fields },
    judge: whole(206, pattern.subarray(at, at + length)),
  };
}

function compressed({ files }: Root, dice: Dice): Task {
  const path = dice.pick("text-300.txt", "text-3000.txt", "text-30000.txt", "text-120000.txt");
  return {
    wanted: { method: "GET", path: `/files/${path}`, fields: [["accept-encoding", "gzip"]] },
    judge: (seen) => {
      const isGzip = seen.fields.some(([name, value]) => name === "content-encoding" && value === "gzip");
      try {
        return whole(200, files.get(path))(isGzip ? { ...seen, body: gunzipSync(seen.body) } : seen);
      } catch {
        return `${seen.status} with a gzip body that is none`;
      }
    },
  };
}

function bytes({ pattern }: Root, dice: Dice): Task {
  const at = dice.below(pattern.byteLength - MAX_BYTES);
  const length = size(dice);
  const chunked = dice.pick("", "&chunked");
  return {
    wanted: { method: "GET", path: `/app/bytes?at=${at}&n=${length}${chunked}` },
    judge: whole(200, pattern.subarray(at, at + length)),
  };
}

function upload({ pattern }: Root, dice: Dice): Task {
  const at = dice.below(pattern.byteLength - MAX_BYTES);
  const body = pattern.subarray(at, at + size(dice));
  return {
    wanted: { method: dice.pick("POST", "PUT"), path: "/app/upload", body, chunked: dice.below(2) === 0 },
    judge: (seen) => {
      if (seen.status !== 200 || seen.aborted) return outcome(seen);
      return seen.body.toString().includes(digestOf(body).sha256) ? null : "another body arrived";
    },
  };
}

function early({ pattern }: Root, dice: Dice): Task {
  const large = dice.below(2) === 0;
  return {
    early: true,
    wanted: {
      method: "POST",
      path: large ? "/app/early-large" : "/app/early",
      body: pattern.subarray(0, size(dice)),
      chunked: dice.below(2) === 0,
    },
    judge: whole(413, large ? pattern.subarray(0, 250_000) : Buffer.from("too large here")),
  };
}

/** The server answers an upload that it does not want, and may leave it unread. */
function refused({ pattern }: Root, dice: Dice, { status, body }: Seen): Task {
  const upload = pattern.subarray(0, size(dice));
  const wanted = { method: "POST", path: REFUSED_PATH, body: upload, chunked: dice.below(2) === 0 };
  return { early: true, wanted, judge: whole(status, body) };
}

function whole(status: number, body: Buffer | undefined): (seen: Seen) => string | null {
  return (seen) => {
    if (seen.status !== status || seen.aborted) return outcome(seen);
    const expected = digestOf(body ?? Buffer.alloc(0));
    const got = seen.digest ?? digestOf(seen.body);
    if (got.sha256 === expected.sha256) return null;
    if (got.bytes === expected.bytes) return `${status} with wrong bytes`;
    return `${status}, complete, with ${got.bytes === 0 ? "an empty body" : "a body of another length"}`;
  };
}

function digestOf(body: Buffer): { bytes: number; sha256: string } {
  return { bytes: body.byteLength, sha256: createHash("sha256").update(body).digest("hex") };
}

function outcome({ status, aborted, error, fields, body }: Seen): string {
  if (error !== null) return error;
  if (aborted) return `${status}, aborted`;
  const code = fields.find(([name]) => name === "culvert-error")?.[1];
  if (code === undefined) return String(status);
  const detail = /"detail":"([^"]*)"/.exec(body.toString())?.[1];
  return `${status} ${code}: ${detail?.replaceAll(/\d+/g, "N")}`;
}
