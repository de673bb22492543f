import { connect } from "node:http2";

/** Node's own client, asked for by messages from the process that started this one. */
export interface Ask {
  id: number;
  port: number;
  method: string;
}

const PATIENCE_MS = 3_000;

/** What a user of Node's own client sees, who takes `end` for the end. */
async function ask({ port, method }: Ask): Promise<string> {
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
  const patience = setTimeout(() => stream.destroy(), PATIENCE_MS);
  await new Promise<void>((resolve) => stream.once("close", () => resolve()));
  clearTimeout(patience);
  session.destroy();
  if (status === 0) return failed ? "error" : "nothing";
  return ended && !failed ? `${status} ${body}` : `${status} ${body}…`;
}

process.on("message", (message: Ask) => {
  void ask(message).then((outcome) => process.send?.({ id: message.id, outcome }));
});
