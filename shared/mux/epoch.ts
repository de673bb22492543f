import { FRAME, readU32, writeU32 } from "../protocol/index.ts";
import type { SendBudget } from "./credit/flow-window.ts";
import { ReceiveCredit } from "./credit/receive-credit.ts";
import { SendCredit } from "./credit/send-credit.ts";
import type { MuxStream } from "./mux-stream.ts";
import { SendQueue } from "./send-queue.ts";

/** A connection's streams and credit: ids, windows and credits all start again with it. See docs/protocol.md, "Epochs". */
export interface Epoch {
  streams: Map<number, MuxStream>;
  queue: SendQueue;
  sendCredit: SendCredit;
  receiveCredit: ReceiveCredit;
}

/** Windows of the connection: what this end grants, and what the peer granted at first. `takesQuestions`: as the peer has said. */
export function newEpoch(
  budget: SendBudget,
  windowBytes: number,
  peerWindowBytes: number,
  takesQuestions: boolean,
): Epoch {
  return {
    streams: new Map(),
    queue: new SendQueue(),
    sendCredit: new SendCredit(budget, peerWindowBytes, takesQuestions),
    receiveCredit: new ReceiveCredit(windowBytes),
  };
}

/** Of a PING's eight bytes: the first four are a question's number, or 0 in all other PINGs. See docs/protocol.md#what-either-end-has-under-way. */
export function isQuestion(payload: Uint8Array): boolean {
  return readU32(payload, 0) !== 0;
}

/** Sends a question about what has arrived, if one is due. */
export function askWhatArrived({ queue, sendCredit }: Epoch, nowMs: number): void {
  const question = sendCredit.question(nowMs);
  if (question === null) return;
  const payload = new Uint8Array(8);
  writeU32(payload, 0, question);
  queue.pushControl(FRAME.PING, payload);
}

/** A question was answered; `wakeUp`: more may be sent now. False: nobody waited for this answer. */
export function noteArrived(
  { queue, sendCredit }: Epoch,
  answer: Uint8Array,
  nowMs: number,
  wakeUp: () => void,
): boolean {
  if (!sendCredit.answered(readU32(answer, 0), nowMs)) return false;
  sendCredit.note();
  if (!queue.isEmpty) wakeUp();
  return true;
}
