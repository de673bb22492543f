import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import { PING_TEXT, PONG_TEXT } from "../../shared/protocol/limits.ts";
import { type HandRelay, startHandRelay } from "../support/peers/hand-peer-relay.ts";
import { frame, head, until } from "../support/peers/hand-peer.ts";

const SOCKETS = 1_000;
/** The runtime puts an object to sleep after 10 s without anything to do; the relay's last timer runs 4 s. */
const ASLEEP_AFTER_MS = 15_000;
const TRIES = 4;

let relay: HandRelay;
beforeAll(async () => {
  relay = await startHandRelay(1, { entry: join(import.meta.dirname, "../support/counting-relay.ts") });
}, 60_000);
afterAll(() => relay.stop());

/** How often objects have begun anew since the log was looked at first. */
function constructions(): number {
  return relay.logs().split("constructed a tunnel's object").length - 1;
}

it(
  `${SOCKETS} idle WebSockets let the real object sleep; the next messages arrive once, in order`,
  { timeout: 240_000 },
  async () => {
    const tunnel = relay.tunnel();
    const peer = await tunnel.connect({ maxStreams: 1024 });
    const sockets = Array.from({ length: SOCKETS }, (_, number) => {
      const socket = tunnel.webSocket(`/${number}`);
      const messages: string[] = [];
      socket.on("message", (data: Buffer) => messages.push(data.toString()));
      return { socket, messages, opened: once(socket, "open") };
    });
    const ids = new Map<string, number>();
    for (let count = 0; count < SOCKETS; count++) {
      const { id, path } = await peer.takeOpen();
      ids.set(path, id);
      peer.send(head(id, 101));
    }
    await Promise.all(sockets.map(({ opened }) => opened));

    const text = (id: number, content: string) => frame(FRAME.WSMSG, Buffer.from(content), id, FLAG.TEXT);
    const before = constructions();
    const chosen = sockets[500];
    const id = ids.get("/500") ?? 0;
    const sent: string[] = [];
    // A machine that is busy may let it sleep later.
    for (let round = 0; round < TRIES && constructions() === before; round++) {
      await sleep(ASLEEP_AFTER_MS);
      // The keepalive's answer is the platform's own: it wakes nobody.
      const answered = peer.texts.length + 1;
      peer.sendRaw(PING_TEXT);
      await until(() => peer.texts.length === answered);
      expect([peer.texts.at(-1), constructions()]).toEqual([PONG_TEXT, before]);
      for (const word of ["one", "two", "three"]) {
        sent.push(`${word} ${round}`);
        peer.send(text(id, `${word} ${round}`));
      }
      await until(() => (chosen?.messages.length ?? 0) === sent.length);
      chosen?.socket.send(`answer ${round}`);
      const { payload } = await peer.take(FRAME.WSMSG, id);
      expect(Buffer.from(payload).toString()).toBe(`answer ${round}`);
    }
    expect(constructions()).toBe(before + 1);
    expect(chosen?.messages).toEqual(sent);
    expect(sockets.filter(({ messages }) => messages.length > 0)).toHaveLength(1);
    expect(sockets.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true);
    expect(relay.faults()).toEqual([]);
  },
);
