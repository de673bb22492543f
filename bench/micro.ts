import { decodeMessage, encodeMessage } from "../shared/protocol/frame-codec.ts";
import { FRAME, type Frame } from "../shared/protocol/frame.ts";
import { decodeHead, decodeOpen, encodeHead, encodeOpen } from "../shared/protocol/head-codec.ts";
import { MuxPair } from "./mux-pair.ts";
import { readRecording } from "./recording.ts";
import { spreadOf } from "./report/statistics.ts";
import { digits, table, withSpread } from "./report/tables.ts";

/**
 * `npm run bench:micro`: the cost of codec and mux alone, in one process, with the traffic of a real run (bench/recordings;
 * `npm run bench:record` records it again). In microseconds, medians and quartiles of the rounds.
 */

const ROUNDS = 15;
const ROUND_MS = 60;

interface Subject {
  name: string;
  /** How many units one run processes. */
  count: number;
  unit: string;
  bytes: number;
  run: () => void;
}

function framesOf(message: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  decodeMessage(message, (type, flags, streamId, payload) => {
    frames.push({ type, flags, streamId, payload });
  });
  return frames;
}

function subjects(): Subject[] {
  const messages = readRecording().map(({ bytes }) => bytes);
  const frames = messages.map(framesOf);
  const payloads = (type: number) =>
    frames.flat().flatMap((frame) => (frame.type === type ? [frame.payload] : []));
  const [openPayloads, headPayloads] = [payloads(FRAME.OPEN), payloads(FRAME.HEAD)];
  const opens = openPayloads.map(decodeOpen);
  const heads = headPayloads.map(decodeHead);
  const exchanges = opens.filter(({ kind }) => kind === "http");
  const [answer] = heads.filter(({ status }) => status === 200);
  if (answer === undefined) throw new Error("the recording holds no answer");
  const pair = new MuxPair(answer);
  const one = { unit: "message", count: messages.length, bytes: sizeOf(messages) };
  const head = (all: readonly Uint8Array[]) => ({ unit: "head", count: all.length, bytes: sizeOf(all) });
  const toBoth = { unit: "exchange", count: exchanges.length };
  const megabytes = 16;
  return [
    {
      ...one,
      name: "decode messages",
      run: () => messages.forEach((message) => decodeMessage(message, () => {})),
    },
    { ...one, name: "encode messages", run: () => frames.forEach((each) => encodeMessage(each)) },
    {
      ...head(openPayloads),
      name: "decode OPEN",
      run: () => openPayloads.forEach((each) => decodeOpen(each)),
    },
    { ...head(openPayloads), name: "encode OPEN", run: () => opens.forEach((each) => encodeOpen(each)) },
    {
      ...head(headPayloads),
      name: "decode HEAD",
      run: () => headPayloads.forEach((each) => decodeHead(each)),
    },
    { ...head(headPayloads), name: "encode HEAD", run: () => heads.forEach((each) => encodeHead(each)) },
    {
      ...toBoth,
      name: "both muxes, 1 KiB answers, one by one",
      bytes: exchanges.length * 1024,
      run: () => exchanges.forEach((open) => pair.exchange([open], 1024)),
    },
    {
      ...toBoth,
      name: "both muxes, 1 KiB answers, all at once",
      bytes: exchanges.length * 1024,
      run: () => pair.exchange(exchanges, 1024),
    },
    {
      name: "both muxes, one download",
      unit: "MiB",
      count: megabytes,
      bytes: megabytes * 1024 * 1024,
      run: () => pair.exchange(exchanges.slice(0, 1), megabytes * 1024 * 1024),
    },
  ];
}

function sizeOf(all: readonly Uint8Array[]): number {
  return all.reduce((size, { byteLength }) => size + byteLength, 0);
}

/** The time of one run in µs, for each round. */
function measure({ run }: Subject): number[] {
  const round = (): number => {
    const startedMs = performance.now();
    let runs = 0;
    do {
      run();
      runs++;
    } while (performance.now() - startedMs < ROUND_MS);
    return ((performance.now() - startedMs) * 1000) / runs;
  };
  // Two runs that do not count, so that the code is compiled.
  round();
  round();
  return Array.from({ length: ROUNDS }, round);
}

const rows = subjects().map((subject) => {
  const micros = measure(subject);
  const each = spreadOf(micros.map((us) => us / subject.count));
  const mibPerSecond = (subject.bytes / 1024 / 1024 / spreadOf(micros).median) * 1e6;
  return [subject.name, `${withSpread(each)} µs per ${subject.unit}`, digits(mibPerSecond)];
});
console.log(table([["", "median (quartiles)", "MiB/s"], ...rows]));
