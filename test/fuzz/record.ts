import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { WebSocket, WebSocketServer } from "ws";
import { bundleCulvert, bundleRelay } from "../../scripts/bundle.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { SUBPROTOCOL } from "../../shared/protocol/limits.ts";
import { ChaosUpstream } from "../chaos/chaos-upstream.ts";
import { FaultLab } from "../support/fault-lab.ts";
import { converse } from "./converse.ts";

/** Records what a real connector sends in each scripted conversation: `node test/fuzz/record.ts`. */
const upstream = new ChaosUpstream();
const lab = new FaultLab(upstream);
await Promise.all([bundleRelay(), bundleCulvert()]);
await lab.start();

let said: Buffer[] = [];
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (near, request) => {
  const far = new WebSocket(`${lab.relayUrl.replace("http", "ws")}/v1/connect`, SUBPROTOCOL, {
    headers: { authorization: request.headers.authorization ?? "" },
    perMessageDeflate: false,
  });
  const opened = once(far, "open");
  near.on("message", (data: Buffer, isBinary) => {
    if (isBinary) said.push(data);
    void opened.then(() => far.send(data, { binary: isBinary }));
  });
  far.on("message", (data: Buffer, isBinary) => near.send(data, { binary: isBinary }));
  near.on("close", () => far.terminate());
  far.on("close", () => near.terminate());
});
await once(server, "listening");
const recorderUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const conversations: Record<string, string[]> = {};
for (const name of ["answers", "uploads", "websockets", "cancels"] as const) {
  said = [];
  const connector = await lab.addConnector({ url: recorderUrl });
  await converse(name, (path) => lab.url("api", path)).finished;
  await eventually("the upstream to be done", 10_000, () => upstream.open === 0);
  await connector.stop(5_000);
  conversations[name] = said.map((message) => message.toString("base64"));
}
const file = join(import.meta.dirname, "corpus/conversations.json");
await writeFile(file, `${JSON.stringify(conversations, null, 2)}\n`);
console.log(Object.entries(conversations).map(([name, messages]) => `${name}: ${messages.length} messages`));
await lab.stop();
server.close();
