import type { MemoryAccount } from "../../shared/memory/memory-budget.ts";
import {
  type OpenHead,
  type ResponseHead,
  ITEM_OVERHEAD_BYTES,
  type Field,
} from "../../shared/protocol/index.ts";
import { BodySample } from "./body-sample.ts";

/** One observed request, with its secrets. It does not leave this object's memory. */
export interface SeenRequest {
  requestId: string;
  arrivedAtMs: number;
  open: OpenHead;
  request: SeenMessage;
  response: (SeenMessage & { status: number }) | null;
  /** Bytes in the memory's account. The last user gives them back. */
  heldBytes: number;
}

export interface SeenMessage {
  fields: readonly Field[];
  first: Uint8Array;
  totalBytes: number;
  hadNoRoom: boolean;
}

export interface RequestTapOptions {
  requestId: string;
  arrivedAtMs: number;
  open: OpenHead;
  memory: MemoryAccount;
  /** Called once. */
  onSeen: (seen: SeenRequest) => void;
}

/**
 * Observes one request without delaying it. What it saw is handed on when the request is over, when enough of its bodies was seen, or
 * when the capture ends, whichever comes first.
 */
export class RequestTap {
  readonly #options: RequestTapOptions;
  readonly #sent: BodySample;
  readonly #received: BodySample;
  #head: ResponseHead | null = null;
  #heldBytes: number;
  #isOver = false;

  constructor(options: RequestTapOptions) {
    this.#options = options;
    this.#heldBytes = sizeOf(options.open);
    options.memory.hold(this.#heldBytes);
    this.#sent = new BodySample(options.memory);
    this.#received = new BodySample(options.memory);
  }

  /** Of the request's body, on its way up. */
  sent(chunk: Uint8Array): void {
    if (!this.#isOver) this.#sent.add(chunk);
  }

  headed(head: ResponseHead): void {
    if (this.#isOver) return;
    const sizeBytes = sizeOf(head);
    // Without room the request is captured without its answer.
    if (!this.#options.memory.take(sizeBytes)) return this.end();
    this.#heldBytes += sizeBytes;
    this.#head = head;
    // A WebSocket's messages are not observed.
    if (head.status === 101) this.end();
  }

  /** Of the answer's body. */
  received(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#received.add(chunk);
    // The request's event has the body's full length.
    if (this.#received.isFull) this.end();
  }

  /** Nothing more is looked at. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { requestId, arrivedAtMs, open, onSeen } = this.#options;
    const head = this.#head;
    const request = messageOf(open.fields, this.#sent);
    const response = messageOf(head?.fields ?? [], this.#received);
    onSeen({
      ...{ requestId, arrivedAtMs, open, request },
      response: head === null ? null : { ...response, status: head.status },
      heldBytes: this.#heldBytes + this.#sent.keptBytes + this.#received.keptBytes,
    });
  }
}

/** Of the fields, which are most of it. */
function sizeOf({ fields }: { fields: readonly Field[] }): number {
  return fields.reduce((sum, [name, value]) => sum + 2 * (name.length + value.length), ITEM_OVERHEAD_BYTES);
}

function messageOf(fields: readonly Field[], sample: BodySample): SeenMessage {
  return { fields, first: sample.whole(), totalBytes: sample.bytes, hadNoRoom: sample.hadNoRoom };
}
