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
