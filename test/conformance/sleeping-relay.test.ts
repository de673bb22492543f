import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../scripts/demo/eventually.ts";
import { FLAG, FRAME } from "../../shared/protocol/frame.ts";
import { PING_TEXT, PONG_TEXT } from "../../shared/protocol/limits.ts";
import { type HandRelay, startHandRelay } from "../support/peers/hand-peer-relay.ts";
import { frame, type HandPeer, head, until } from "../support/peers/hand-peer.ts";

const SOCKETS = 1_000;
/** One for each case, and one for its second try. */
const TUNNELS = 4;
/** The runtime puts an object to sleep after 10 s without work. The relay's last timer runs for 4 s. */
const ASLEEP_AFTER_MS = 15_000;
/** On a busy machine, objects sleep later, so each try waits longer. */
const TRIES = 4;
const waitOf = (round: number): number => ASLEEP_AFTER_MS * (1 + round / 2);
const OBJECTS = 32;
const CONNECTORS = 4;

let relay: HandRelay;
beforeAll(async () => {
  relay = await startHandRelay(TUNNELS, { entry: join(import.meta.dirname, "../support/counting-relay.ts") });
}, 60_000);
afterAll(() => relay.stop(), 60_000);

/** How often the objects of this tunnel have started anew. */
function constructions({ id }: { id: string }): number {
  return relay.logs().split(`constructed object ${id}`).length - 1;
}

/** Both cases wait for sleep, so they run at the same time. */
describe.concurrent("idle objects", () => {
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
      const before = constructions(tunnel);
      const chosen = sockets[500];
      const id = ids.get("/500") ?? 0;
      const sent: string[] = [];
      for (let round = 0; round < TRIES && constructions(tunnel) === before; round++) {
        await sleep(waitOf(round));
        // The platform answers the keepalive itself, so nothing wakes.
        const answered = peer.texts.length + 1;
        peer.sendRaw(PING_TEXT);
        await until(() => peer.texts.length === answered);
        expect([peer.texts.at(-1), constructions(tunnel)]).toEqual([PONG_TEXT, before]);
        for (const word of ["one", "two", "three"]) {
          sent.push(`${word} ${round}`);
          peer.send(text(id, `${word} ${round}`));
        }
        await until(() => (chosen?.messages.length ?? 0) === sent.length);
        chosen?.socket.send(`answer ${round}`);
        const { payload } = await peer.take(FRAME.WSMSG, id);
        expect(Buffer.from(payload).toString()).toBe(`answer ${round}`);
      }
      expect(constructions(tunnel)).toBe(before + 1);
      expect(chosen?.messages).toEqual(sent);
      expect(sockets.filter(({ messages }) => messages.length > 0)).toHaveLength(1);
      expect(sockets.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true);
      expect(relay.faults()).toEqual([]);
    },
  );

  it(
    `${OBJECTS} objects with ${CONNECTORS} idle connectors each are all asleep, and a request wakes one of them`,
    { timeout: 240_000 },
    async () => {
      const tunnel = relay.tunnel();
      const connectorIds = Array.from({ length: CONNECTORS }, (_, number) => `connector-${number}`);
      const peers = await Promise.all(connectorIds.map((connectorId) => tunnel.connect({ connectorId })));
      await relay.admin.scale(tunnel.id, { min: OBJECTS, max: OBJECTS }, 0);
      const [, ...others] = await relay.admin.objects(tunnel.id);
      const dials = others.flatMap(({ name }) =>
        connectorIds.map((connectorId) => tunnel.connect({ connectorId }, name)),
      );
      peers.push(...(await Promise.all(dials)));
      await eventually("every object to serve", 60_000, async () => {
        const objects = await relay.admin.objects(tunnel.id);
        return objects.every(({ phase, connections }) => phase === "serving" && connections === CONNECTORS);
      });
      const end = answerAll(peers);
      // Gateways learn of the new objects with their first requests.
      expect((await tunnel.call("/")).status).toBe(200);

      let woken = { byRequest: 0, byLook: 0 };
      for (let round = 0; round < TRIES && woken.byRequest + woken.byLook < OBJECTS; round++) {
        await sleep(waitOf(round));
        const before = constructions(tunnel);
        expect((await tunnel.call("/")).status).toBe(200);
        const afterRequest = constructions(tunnel);
        // This request asks each object.
        await relay.admin.objects(tunnel.id);
        woken = { byRequest: afterRequest - before, byLook: constructions(tunnel) - afterRequest };
      }
      end();
      expect(woken).toEqual({ byRequest: 1, byLook: OBJECTS - 1 });
      expect(relay.faults()).toEqual([]);
    },
  );
});

/** Answers every request that reaches these peers. Call the returned function to stop. */
function answerAll(peers: readonly HandPeer[]): () => void {
  const timer = setInterval(() => {
    for (const peer of peers)
      for (const { type, streamId, payload } of peer.inbox.splice(0)) {
        if (type === FRAME.OPEN) peer.answer(streamId, "fine");
        // An object that slept starts anew and sends RESTART, which a connector must echo.
        if (type === FRAME.RESTART) peer.send(frame(FRAME.RESTART, payload));
      }
  }, 10);
  return () => clearInterval(timer);
}
