import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket, WebSocketServer } from "ws";
import { SUBPROTOCOL } from "../shared/protocol/limits.ts";
import { runCommand } from "./command.ts";
import { type RecordedMessage, writeRecording } from "./recording.ts";
import { startTools } from "./runner.ts";
import { startCulvert } from "./subjects/culvert.ts";
import { direct } from "./subjects/plain.ts";
import { startServer } from "./subjects/start-server.ts";
import type { Cleanups } from "./subjects/subject.ts";
import { bulk, chattyWebSockets, get, getWithHeaders, KIB, MIB, post } from "./workloads.ts";

/**
 * `npm run bench:record`: records real traffic between a connector and the relay into bench/recordings. Needed again only
 * if the protocol changes.
 */

const root = join(import.meta.dirname, "..");
const SHORT = { warmUpMs: 0, measureMs: 200 };

/** A proxy between connector and relay that keeps the messages. */
async function startRecorder(relayUrl: string, kept: RecordedMessage[], cleanups: Cleanups): Promise<string> {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  });
  await once(server, "listening");
  cleanups.add(() => server.close());
  server.on("connection", (connector, request) => {
    const { authorization = "" } = request.headers;
    const relay = new WebSocket(`${relayUrl.replace("http", "ws")}${request.url}`, SUBPROTOCOL, {
      headers: { authorization },
      perMessageDeflate: false,
    });
    const opened = once(relay, "open");
    connector.on("message", (data: Buffer, isBinary) => {
      if (isBinary) kept.push({ to: "relay", bytes: data });
      void opened.then(() => relay.send(data, { binary: isBinary }));
    });
    relay.on("message", (data: Buffer, isBinary) => {
      if (isBinary) kept.push({ to: "connector", bytes: data });
      connector.send(data, { binary: isBinary });
    });
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function main(cleanups: Cleanups): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "culvert-record-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const upstream = await startServer("upstream.ts", [], cleanups);
  const messages: RecordedMessage[] = [];
  const [subject] = await startCulvert(
    {
      root,
      directory,
      upstreamUrl: upstream.url,
      plans: [{ name: "recorded", connectors: 1, roundTripMs: null }],
      between: (relayUrl) => startRecorder(relayUrl, messages, cleanups),
    },
    cleanups,
  );
  if (subject === undefined) throw new Error("no tunnel");
  const { load } = startTools(direct(upstream), cleanups);
  const workloads = [
    get(KIB, 16, SHORT),
    getWithHeaders(16, SHORT),
    get(64 * KIB, 4, SHORT),
    post(KIB, 4, SHORT),
    chattyWebSockets(4, SHORT.measureMs),
    bulk("down", MIB),
    bulk("up", MIB),
  ];
  for (const workload of workloads) await load.run(workload.job(subject));
  console.log(`${messages.length} messages in ${writeRecording(messages)}`);
}

await runCommand(main);
