import type { Duplex } from "node:stream";
import type { Work } from "./reach.ts";

/** Redis by its own protocol. */
export const redisWork: Record<string, Work> = {
  /** Sends `size` commands at once. */
  async pipeline(service, reach, { size }) {
    const socket = await reach(service);
    const all = Array.from({ length: size / 2 }, (_, n) => n);
    const expected = all.map((n) => `+OK\r\n$${`value:${n}`.length}\r\nvalue:${n}\r\n`).join("");
    const answers = untilUnits(socket, expected.length);
    socket.write(all.map((n) => `SET key:${n} value:${n}\r\nGET key:${n}\r\n`).join(""));
    const got = await answers;
    return { isSame: got === expected, units: got.length, last: await ended(socket) };
  },
  async subscribe(service, reach) {
    const [subscriber, publisher] = [await reach(service), await reach(service)];
    const isOn = untilUnits(subscriber, "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n".length);
    subscriber.write("SUBSCRIBE news\r\n");
    const answer = await isOn;
    const message = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
    const news = untilUnits(subscriber, message.length);
    const count = untilUnits(publisher, ":1\r\n".length);
    publisher.write("PUBLISH news hello\r\n");
    const outcome = { answer, news: await news, count: await count };
    return { ...outcome, last: await Promise.all([ended(subscriber), ended(publisher)]) };
  },
};

/** Reads this many units, or fewer if the connection ends first. */
function untilUnits(socket: Duplex, units: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = "";
    const onData = (bytes: Uint8Array): void => {
      got += Buffer.from(bytes).toString("latin1");
      if (got.length >= units) settle();
    };
    const settle = (): void => {
      socket.off("data", onData).off("end", settle).off("error", reject);
      socket.pause();
      resolve(got);
    };
    socket.on("data", onData).on("end", settle).on("error", reject).resume();
  });
}

/** Ends the connection with the protocol's QUIT. The server answers it and then closes, TLS included. */
async function ended(socket: Duplex): Promise<string> {
  let last = "";
  const over = new Promise((resolve, reject) => socket.once("end", resolve).once("error", reject));
  socket.on("data", (bytes: Uint8Array) => (last += Buffer.from(bytes).toString("latin1"))).resume();
  socket.write("QUIT\r\n");
  await over;
  socket.end();
  return last;
}
