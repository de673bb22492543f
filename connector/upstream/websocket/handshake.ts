import { createHash, randomBytes } from "node:crypto";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { Field, OpenHead } from "../../../shared/protocol/head.ts";
import { TunnelError } from "../../../shared/protocol/tunnel-error.ts";
import { faultError, guarded, guardedClock, guardFor } from "../../platform/faults.ts";
import { dial } from "../dial.ts";
import { framingOf } from "../http1/framing.ts";
import { MAX_WIRE_BYTES } from "../http1/head.ts";
import {
  receivedFields,
  requestFields,
  wireText,
  withoutHandshakeFields,
  wantedHost,
} from "../http-fields.ts";
import { permit } from "../permit.ts";
import { limitsFor } from "../service-limits.ts";
import { settingsFor } from "../upstream-rules.ts";
import { problemWithStatus, SILENCE_MS, type UpstreamDeps } from "../upstream.ts";

/** RFC 6455 §1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface Upgraded {
  tcp: Socket;
  /** What came behind the answer already. */
  head: Buffer;
  response: IncomingMessage;
  /** By the upstream's settings. */
  isPinged: boolean;
}

export interface HandshakeEvents {
  /** From here on the connection is the owner's: nothing of it is read before this returns. */
  onAccepted(upgraded: Upgraded): void;
  /** The upstream answered with an ordinary response, whose body waits to be read. */
  onRefused(response: IncomingMessage): void;
  onFailed(error: TunnelError): void;
  /** Last, whatever happened: the upstream's socket is gone. */
  onTornDown(): void;
}

const HandshakeEventsGuard = guardFor<HandshakeEvents>({
  onAccepted: true,
  onRefused: true,
  onFailed: true,
  onTornDown: true,
});

/**
 * Opens a WebSocket upstream. Throws BAD_REQUEST or UPSTREAM_NOT_ALLOWED; later failures come by `onFailed`.
 * The function returned ends everything at once, in every phase.
 */
export function upstreamHandshake(open: OpenHead, deps: UpstreamDeps, owner: HandshakeEvents): () => void {
  // Sent as a GET (RFC 6455 §4.1), whatever the gateway's request was, and so judged as one.
  const target = permit({ ...open, method: "GET", path: wireText(open.path) }, deps);
  const settings = settingsFor(deps.rules, target);
  const forwarded = requestFields(open.fields, limitsFor(deps.limits, open.service));

  const key = randomBytes(16).toString("base64");

  let phase: "dialing" | "asking" | "settled" = "dialing";
  let cancelTimer: () => void = () => {};
  let connection: Socket | null = null;
  let isTornDown = false;

  let faulted = false;
  const onFault = (thrown: unknown): void => {
    deps.reportFault("exchange", thrown);
    if (faulted) return;
    faulted = true;
    settle();
    // Its owner may have been told before that all is well.
    events.onFailed(faultError());
    tearDown();
  };
  const events = new HandshakeEventsGuard(owner, onFault);
  const clock = guardedClock(deps.clock, onFault);
  const settle = (): boolean => {
    if (phase === "settled") return false;
    phase = "settled";
    cancelTimer();
    return true;
  };
  const tornDown = (): void => {
    if (isTornDown) return;
    isTornDown = true;
    cancelTimer();
    events.onTornDown();
  };
  const tearDown = (): void => {
    request.destroy();
    if (connection === null) process.nextTick(tornDown);
    else connection.destroy();
  };
  const fail = (error: TunnelError): void => {
    if (settle()) events.onFailed(error);
    tearDown();
  };
  const broken = (message: string, cause?: Error): void => {
    const notProcessed = phase === "dialing";
    fail(
      new TunnelError("UPSTREAM_PROTOCOL", `${target.authority}: ${message}`, {
        notProcessed,
        ...(cause === undefined ? {} : { cause }),
      }),
    );
  };

  const connect = (_options: unknown, connected: (error: null, socket: Socket) => void): undefined => {
    const timeoutMs = open.connectTimeoutMs ?? settings.connectTimeoutMs;
    const dialled = (error: TunnelError | null, tcp: Socket | null): void => {
      if (tcp === null)
        return fail(error ?? new TunnelError("INTERNAL", "no socket", { notProcessed: true }));
      connection = tcp;
      tcp.once("close", tornDown);
      phase = "asking";
      const responseTimeoutMs = open.responseTimeoutMs ?? settings.responseTimeoutMs;
      cancelTimer = clock.after(responseTimeoutMs, () => {
        const message = `${target.authority} did not answer within ${responseTimeoutMs} ms`;
        fail(new TunnelError("UPSTREAM_RESPONSE_TIMEOUT", message));
      });
      connected(null, tcp);
    };
    const options = { target, settings, timeoutMs, protocols: ["http/1.1"] };
    cancelTimer = dial(options, deps, guarded(dialled, onFault));
  };
  const make = (): ClientRequest => {
    const made = httpRequest({
      ...{ host: target.host, port: target.port, createConnection: connect },
      // Node's own limit is lower than that of other answers.
      maxHeaderSize: MAX_WIRE_BYTES,
    });
    try {
      const host = settings.hostHeader ?? wantedHost(open.fields);
      made.setHeader("host", host ?? target.origin.slice(target.origin.indexOf("//") + 2));
      for (const [name, values] of headersOf(forwarded)) made.setHeader(name, values);
      for (const [name, value] of Object.entries(HANDSHAKE_FIELDS)) made.setHeader(name, value);
      made.setHeader("sec-websocket-key", key);
      // Byte for byte: Node would refuse some paths.
      made.path = wireText(open.path);
      return made;
    } catch (thrown) {
      // Node refused the request, and the connection for it is being dialled.
      settle();
      made.on("error", () => {});
      made.destroy();
      throw thrown;
    }
  };
  const request = make();
  const onUpgrade = (response: IncomingMessage, tcp: Socket, head: Buffer): void => {
    const problem = problemWithSwitch(response, key);
    if (problem !== null) return broken(problem);
    if (settle()) events.onAccepted({ tcp, head, response, isPinged: settings.webSocketPings });
    else tcp.destroy();
  };
  const onResponse = (response: IncomingMessage): void => {
    const error = problemWithRefusal(response, target.authority);
    if (error !== null) return fail(error);
    if (!settle()) return;
    watchSilence(response, -1);
    events.onRefused(response);
  };
  /** Of a refusal's body: a whole wait without a byte ends it, unless it is its reader who pauses. */
  const watchSilence = (response: IncomingMessage, bytesBefore: number): void => {
    const bytesRead = connection?.bytesRead ?? 0;
    if (bytesRead === bytesBefore && !response.isPaused()) return tearDown();
    cancelTimer = clock.after(SILENCE_MS, () => watchSilence(response, bytesRead));
  };
  request.on("upgrade", guarded(onUpgrade, onFault));
  request.on("response", guarded(onResponse, onFault));
  request.on(
    "error",
    guarded((error: Error) => broken(error.message, error), onFault),
  );
  request.end();

  return () => {
    settle();
    tearDown();
  };
}

/** What RFC 6455 §4.1 and RFC 9110 §7.8, §15.2.2 ask of a 101; Node has seen to `Connection`. */
function problemWithSwitch({ httpVersion, headers }: IncomingMessage, key: string): string | null {
  if (httpVersion !== "1.1") return `its 101 is HTTP/${httpVersion}`;
  if (headers.upgrade?.toLowerCase() !== "websocket") return "invalid Upgrade header";
  const accept = createHash("sha1")
    .update(key + ACCEPT_SUFFIX)
    .digest("base64");
  if (headers["sec-websocket-accept"] !== accept) return "invalid Sec-WebSocket-Accept header";
  if (headers["sec-websocket-extensions"] !== undefined) return "an extension that was not asked for";
  const announcesBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return announcesBody ? "its 101 announces a body" : null;
}

/** An answer that is no upgrade is held to the rules of any other answer. */
function problemWithRefusal(response: IncomingMessage, authority: string): TunnelError | null {
  const status = response.statusCode ?? 0;
  // Node takes a 101 that lacks a field for an ordinary response.
  if (status === 101) {
    return new TunnelError("UPSTREAM_PROTOCOL", `${authority}: its 101 does not upgrade the connection`);
  }
  try {
    // Node undoes `chunked` and hands on what other codings have left, which nobody behind could read.
    framingOf("GET", status, response.httpVersionMinor, receivedFields(response.rawHeaders));
  } catch (thrown) {
    if (thrown instanceof TunnelError) return thrown;
    throw thrown;
  }
  return problemWithStatus(status);
}

const HANDSHAKE_FIELDS: Readonly<Record<string, string>> = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
};

/** As `node:http` takes them: the values of a repeated field together. */
function headersOf(fields: readonly Field[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const [name, value] of withoutHandshakeFields(fields)) {
    headers.set(name, [...(headers.get(name) ?? []), wireText(value)]);
  }
  return headers;
}
