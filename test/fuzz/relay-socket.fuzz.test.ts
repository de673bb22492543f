import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dice } from "../support/dice.ts";
import { type HandRelay, type HandTunnel, startHandRelay } from "../support/peers/hand-peer-relay.ts";
import { type HandPeer, HELLO, streams } from "../support/peers/hand-peer.ts";
import { type ConversationName, converse } from "./converse.ts";
import recorded from "./corpus/conversations.json" with { type: "json" };
import { SECONDS, SEED, seedsOf } from "./fuzz-time.ts";
import { mutated } from "./mutate.ts";

const NAMES = Object.keys(recorded) as ConversationName[];
/** The pause between two messages of the conversation, as if the upstream had worked on them. */
const PACE_MS = 1;

let relay: HandRelay;
let victim: HandTunnel;
let other: HandTunnel;
let honest: HandPeer;
let served = 0;

beforeAll(async () => {
  relay = await startHandRelay(2);
  victim = relay.tunnel();
  other = relay.tunnel();
  honest = await other.connect();
}, 60_000);
afterAll(() => relay.stop());

async function expectOthersServed(): Promise<void> {
  const call = other.call("/works");
  const open = await Promise.race([honest.takeOpen(), call]);
  if ("id" in open) {
    honest.answer(open.id, "fine");
    honest.send(streams(HELLO.maxStreams + ++served));
  }
  expect(await call).toMatchObject({ status: 200, body: "fine" });
}

/** The gateway makes the requests of the recorded conversation, and gets its answers with errors in them. */
async function play(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const name = NAMES[dice.below(NAMES.length)] ?? "answers";
  const messages = mutated(
    recorded[name].map((text) => Buffer.from(text, "base64")),
    dice,
  );
  const peer = await victim.attach();
  const [hello, ...rest] = messages;
  if (hello !== undefined) peer.sendRaw(hello);
  const asked = converse(name, (path) => victim.url(path));
  for (const message of rest) {
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    if (peer.closed !== null) break;
    peer.sendRaw(message);
  }
  await new Promise((resolve) => setTimeout(resolve, 10 * PACE_MS));
  asked.abandon();
  peer.close();
  await asked.finished;
}

describe("the relay's socket, told recorded conversations with changes", () => {
  it(
    `stays alive, throws nothing, and serves others (seed ${SEED})`,
    async () => {
      for (const seed of seedsOf("relay-socket")) {
        await play(seed);
        await expectOthersServed();
        expect(relay.faults(), `seed ${seed}`).toEqual([]);
      }
      victim.endClosing();
    },
    SECONDS * 1_000 + 60_000,
  );
});
