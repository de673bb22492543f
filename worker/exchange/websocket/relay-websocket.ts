import { ATTACHMENT_VERSION } from "../../attachment-version.ts";
import type { StreamRest, Stream, StreamHandler } from "../../../shared/mux/index.ts";
import {
  NO_PAYLOAD,
  type OpenHead,
  type ResponseHead,
  CLOSE_SERVICE_RESTART,
  AHEAD_MIN_BYTES,
  CLOSE_NO_LONGER_ALLOWED,
  MAX_WEBSOCKET_MESSAGE_BYTES,
  type TunnelError,
} from "../../../shared/protocol/index.ts";
import type { RecordState, RequestRecord } from "../../events/index.ts";
import type { Admittance } from "../admittance.ts";
import { closeCodeOf, closeSocket, reportedCloseCode } from "../close-socket.ts";
import { MessageIntake } from "./message-intake.ts";
import type { WebSocketMemory } from "./message-room.ts";
import type { Grounds } from "../open-exchanges.ts";
import { callerOf } from "../../../shared/streams/stream-shares.ts";
import { responseHeaders } from "../fields/response-fields.ts";
import { SendBacklog } from "./send-backlog.ts";

/** RFC 6455 §7.1.5: reported where there was no close frame. */
const CLOSE_ABNORMAL = 1006;
const CLOSE_INVALID_TEXT = 1007;
const CLOSE_TOO_LARGE = 1009;
const CLOSE_INTERNAL = 1011;
const CLOSE_TRY_AGAIN = 1013;

const encoder = new TextEncoder();

/** What must outlive the object's memory, kept beside the gateway's socket by the platform. */
export interface GatewayAttachment {
  version?: typeof ATTACHMENT_VERSION;
  role: "gateway";
  /** The connector's connection that carries the stream. */
  connectionId: string;
  open: OpenHead;
  /** The state from which the stream continues; null until it first came to rest. */
  rest: StreamRest | null;
  record: RecordState;
  /** The facts by which it was allowed, beside `record` and `open`. Sockets that a version before 0.2 accepted have none. */
  admittedBy?: AdmittedBy;
  /** Closed by this end or the other, and logged. */
  isOver: boolean;
}

export interface AdmittedBy {
  /** The id of the gateway key; null for a binding. */
  kid: string | null;
  origin: string;
  /** How much of `open.path` the endpoint put before the path that was asked for. */
  prefixLength: number;
}

/** The facts by which the socket is checked when the rules change. */
export function groundsOf({ open, record, admittedBy }: GatewayAttachment): Grounds {
  const { project, environment } = record;
  if (admittedBy !== undefined) {
    const { kid, origin, prefixLength } = admittedBy;
    return { project, environment, kid, origin, path: open.path.slice(prefixLength) };
  }
  // For a network rule, `service` is the requested authority, which is also the target's.
  const ofNetwork = URL.parse(open.target)?.host === open.service.toLowerCase();
  const origin = ofNetwork ? open.target : `http://${open.service}`;
  return { project, environment, kid: null, origin, path: null };
}

/** Where gateways' sockets are kept. They hibernate: events come through the object, not through the socket. */
export interface GatewaySockets {
  readonly room: WebSocketMemory;
  accept(socket: WebSocket, relay: WebSocketRelay): void;
}

/** The 101 that the gateway gets, with its end of the socket; the other end is joined to the stream. */
export function relayWebSocket(
  stream: Stream,
  head: ResponseHead,
  connectionId: string,
  sockets: GatewaySockets,
  record: RequestRecord,
  { grounds, admittance, shownId }: { grounds: Grounds; admittance: Admittance; shownId: string | null },
): Response {
  const headers = responseHeaders(head.fields, null, shownId);
  const { 0: gatewayEnd, 1: socket } = new WebSocketPair();
  // The fields are not needed any more, and an attachment has little room.
  const attachment: GatewayAttachment = {
    version: ATTACHMENT_VERSION,
    role: "gateway",
    connectionId,
    open: { ...stream.open, fields: [] },
    rest: null,
    record: record.state,
    admittedBy: {
      kid: grounds.kid,
      origin: grounds.origin,
      prefixLength: stream.open.path.length - (grounds.path?.length ?? 0),
    },
    isOver: false,
  };
  const relay = new WebSocketRelay(socket, attachment, record, sockets.room);
  admittance.covers(relay);
  try {
    sockets.accept(socket, relay);
    relay.join(stream);
    // So a message of usual size needs no extra round trip. Unused credit is taken back when memory is short.
    stream.expect(AHEAD_MIN_BYTES);
  } catch (thrown) {
    stream.reset("INTERNAL", "the gateway's socket cannot be kept");
    throw thrown;
  }
  return new Response(null, { status: 101, webSocket: gatewayEnd, headers });
}

/** Joins a gateway's socket to a stream, message by message. */
export class WebSocketRelay implements StreamHandler {
  readonly #socket: WebSocket;
  readonly #attachment: GatewayAttachment;
  readonly #record: RequestRecord;
  readonly #memory: WebSocketMemory;
  readonly #intake: MessageIntake;
  #stream: Stream | null = null;
  #backlog: SendBacklog | null = null;

  constructor(
    socket: WebSocket,
    attachment: GatewayAttachment,
    record: RequestRecord,
    memory: WebSocketMemory,
  ) {
    this.#socket = socket;
    this.#attachment = attachment;
    this.#record = record;
    this.#memory = memory;
    this.#intake = new MessageIntake(socket, callerOf(record.state), memory, {
      onMessage: (bytes, text) => this.#deliver(bytes, text),
      onTooLarge: () => this.#refuse(CLOSE_TOO_LARGE, "message too large"),
      onEnded: () => this.#endForMemory("there is no memory for the message"),
      goOn: () => this.onReadable(),
    });
  }

  /** Call it after `accept`. Messages that are already here are passed on at once. */
  join(stream: Stream): void {
    this.#stream = stream;
    this.#backlog = new SendBacklog(stream, this.#memory.account, () =>
      this.#endForMemory("the upstream reads too slowly"),
    );
    this.#socket.serializeAttachment(this.#attachment);
    stream.attach(this);
    this.onReadable();
  }

  /** The socket's stream is lost. A client that connects again gets another one. */
  orphaned(why = "the relay restarted"): void {
    this.#record.closed(CLOSE_SERVICE_RESTART, { code: "RELAY_RESTART", scope: "stream" });
    this.#close(CLOSE_SERVICE_RESTART, why);
  }

  /** Its gateway may not call this service any more. */
  revoked(refusal: TunnelError): void {
    this.#record.closed(CLOSE_NO_LONGER_ALLOWED, refusal);
    this.#close(CLOSE_NO_LONGER_ALLOWED, refusal.message);
    this.#stream?.reset("CANCEL", "the gateway is no longer allowed");
  }

  // ── from the gateway ────────────────────────────────────────────────────────────────────────────

  received(message: ArrayBuffer | string): void {
    const stream = this.#stream;
    // The message was under way when the socket was closed.
    if (stream === null || stream.closed || this.#attachment.isOver) return;
    const text = typeof message === "string";
    const bytes = bytesOf(message);
    if (bytes.byteLength > MAX_WEBSOCKET_MESSAGE_BYTES)
      return this.#refuse(CLOSE_TOO_LARGE, "message too large");
    this.#record.state.requestBytes += bytes.byteLength;
    stream.writeMessage(bytes, text, false);
    if (this.#backlog?.isEnded === true) this.#endForMemory("the upstream reads too slowly");
    else this.#backlog?.grew();
  }

  /** How long the object should accept no events after a message, so that the upstream can catch up. */
  get pauseMs(): number {
    return this.#backlog?.pauseMs ?? 0;
  }

  closed(code: number, reason: string): void {
    this.#intake.gone();
    if (code === CLOSE_ABNORMAL) this.failed();
    else this.#stream?.sendClose(closeCodeOf(code), reason);
    this.#close(closeCodeOf(code), reason);
  }

  failed(): void {
    this.#intake.gone();
    this.#record.cancelled();
    this.#stream?.reset("CANCEL", "the gateway's socket was lost");
  }

  // ── from the connector ──────────────────────────────────────────────────────────────────────────

  onReadable(): void {
    const stream = this.#stream;
    if (stream === null || !this.#intake.take(stream)) return;
    if (stream.closeFrame === null) return;
    const { code, reason } = stream.closeFrame;
    this.#close(code, reason);
    // Done here, because the gateway may never answer the close.
    stream.sendClose(code, reason);
  }

  onWritable(): void {
    // A gateway cannot be slowed down: see SendBacklog.
  }

  onRest(rest: StreamRest): void {
    if (this.#attachment.isOver) return;
    this.#attachment.rest = rest;
    this.#socket.serializeAttachment(this.#attachment);
  }

  onClosed(error: TunnelError | null): void {
    // Otherwise complete messages may still wait to be read.
    if (error === null) return;
    this.#intake.end();
    this.#record.closed(CLOSE_INTERNAL, error);
    this.#close(CLOSE_INTERNAL, "the tunnel failed");
  }

  #deliver(bytes: Uint8Array, text: boolean): boolean {
    this.#record.state.responseBytes += bytes.byteLength;
    const data = text ? decodeText(bytes) : bytes;
    if (data === null) {
      this.#refuse(CLOSE_INVALID_TEXT, "text that is not UTF-8");
      return false;
    }
    // After the gateway's close, nobody reads any more.
    if (!this.#attachment.isOver && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
    return true;
  }

  /** The isolate's memory is short, and this was the largest backlog without progress. */
  #endForMemory(reason: string): void {
    this.#record.closed(CLOSE_TRY_AGAIN, { code: "OVERLOADED", scope: "stream" });
    this.#close(CLOSE_TRY_AGAIN, reason);
    this.#stream?.reset("CANCEL", reason);
  }

  #refuse(code: number, reason: string): void {
    this.#record.closed(code, { code: "UPSTREAM_PROTOCOL", scope: "stream" });
    this.#close(code, reason);
    this.#stream?.sendClose(code, reason);
    this.#stream?.stopSending();
  }

  /** Does nothing if the gateway has already closed. */
  #close(code: number | null, reason: string): void {
    // Marked so that its stream is not restored: by then another stream may have its number.
    this.#attachment.rest = null;
    this.#attachment.isOver = true;
    this.#intake.end();
    this.#record.closed(reportedCloseCode(code), null);
    try {
      this.#socket.serializeAttachment(this.#attachment);
    } catch {
      // The socket is already gone, so there is no attachment to change.
    }
    closeSocket(this.#socket, code, reason);
  }
}

/** One shared buffer for all empty messages. */
function bytesOf(message: ArrayBuffer | string): Uint8Array {
  if (typeof message === "string") return message === "" ? NO_PAYLOAD : encoder.encode(message);
  return message.byteLength === 0 ? NO_PAYLOAD : new Uint8Array(message);
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}
