import { connect } from "node:http2";
import { Client } from "undici";

export interface Asked {
  port: number;
  method: string;
  /** How long the client waits for more bytes. */
  patienceMs: number;
}

/** The request that the parent process sends as a message, for Node's own client or undici. */
export interface Ask extends Asked {
  id: number;
  client: "node" | "undici";
}

/** What a user of Node's own client sees who treats `end` as the end. */
async function askNode({ port, method, patienceMs }: Ask): Promise<string> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const stream = session.request({ ":method": method, ":path": "/" }, { endStream: true });
  let status = 0;
  let body = "";
  let ended = false;
  let failed = false;
  stream.on("response", (received) => void (status = Number(received[":status"])));
  stream.on("data", (bytes: Buffer) => void (body += bytes.toString("latin1")));
  stream.on("end", () => void (ended = true));
  stream.on("error", () => void (failed = true));
  const patience = setTimeout(() => stream.destroy(), patienceMs);
  await new Promise<void>((resolve) => stream.once("close", () => resolve()));
  clearTimeout(patience);
  session.destroy();
  if (status === 0) return failed ? "error" : "nothing";
  return ended && !failed ? `${status} ${body}` : `${status} ${body}…`;
}

async function askUndici({ port, method, patienceMs }: Ask): Promise<string> {
  const client = new Client(`http://127.0.0.1:${port}`, { allowH2: true, h2Options: { useH2c: true } });
  const patience = AbortSignal.timeout(patienceMs);
  let seen = "";
  try {
    const answer = await client.request({ path: "/", method, signal: patience });
    seen = `${answer.statusCode} `;
    for await (const bytes of answer.body) seen += (bytes as Buffer).toString("latin1");
    return seen;
  } catch {
    if (seen === "") return patience.aborted ? "nothing" : "error";
    return `${seen}…`;
  } finally {
    client.destroy().catch(() => {});
  }
}

const clients = { node: askNode, undici: askUndici };

process.on("message", (message: Ask) => {
  void clients[message.client](message).then((outcome) => process.send?.({ id: message.id, outcome }));
});
