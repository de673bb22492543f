import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Asks a question at the terminal without echoing the answer; "" if the input ends before an answer. */
export async function askUnseen(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const dialogue = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const answer = await new Promise<string>((resolve) => {
    dialogue.once("line", resolve).once("close", () => resolve(""));
  });
  dialogue.close();
  process.stderr.write("\n");
  return answer;
}
