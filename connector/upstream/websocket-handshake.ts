import type { IncomingMessage } from "node:http";
import type { createConnection, Socket } from "node:net";
import { type ClientOptions, WebSocket } from "ws";
import type { Field, OpenHead } from "../../shared/protocol/head.ts";
import { MAX_WEBSOCKET_MESSAGE_BYTES } from "../../shared/protocol/limits.ts";
import { TunnelError } from "../../shared/protocol/tunnel-error.ts";
import { faultError, guarded, guardedClock, guardFor } from "../platform/faults.ts";
import { dial } from "./dial.ts";
import { requestFields, wireText, withoutHandshakeFields, wantedHost } from "./http-fields.ts";
import { permit } from "./permit.ts";
import { limitsFor } from "./service-limits.ts";
import { settingsFor } from "./upstream-rules.ts";
import { problemWithStatus, type UpstreamDeps } from "./upstream.ts";

/** How long an upstream may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 10_000;

export interface HandshakeEvents {
  /** Called before any message: attach listeners at once. `isPinged`: by the upstream's settings. */
  onAccepted(socket: WebSocket, response: IncomingMessage, isPinged: boolean): void;
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

  let phase: "dialing" | "asking" | "settled" = "dialing";
  let cancelTimer: () => void = () => {};
  let accepted: IncomingMessage | null = null;

  let faulted = false;
  const onFault = (thrown: unknown): void => {
    deps.reportFault("exchange", thrown);
    if (faulted) return;
    faulted = true;
    settle();
    // Its owner may have been told before that all is well.
    events.onFailed(faultError());
    socket.terminate();
  };
  const events = new HandshakeEventsGuard(owner, onFault);
  const clock = guardedClock(deps.clock, onFault);
  const settle = (): boolean => {
    if (phase === "settled") return false;
    phase = "settled";
    cancelTimer();
    return true;
  };
  const fail = (error: TunnelError): void => {
    if (settle()) events.onFailed(error);
    socket.terminate();
  };

  const connect = (_options: unknown, connected: (error: null, socket: Socket) => void): void => {
    const timeoutMs = open.connectTimeoutMs ?? settings.connectTimeoutMs;
    const dialled = (error: TunnelError | null, tcp: Socket | null): void => {
      if (tcp === null)
        return fail(error ?? new TunnelError("INTERNAL", "no socket", { notProcessed: true }));
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
  const options: ClientOptions & { closeTimeout: number } = {
    perMessageDeflate: false,
    maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Typed for net.createConnection; node:http hands a callback to it as well (http.Agent, createConnection).
    createConnection: connect as unknown as typeof createConnection,
    finishRequest(request) {
      const host = settings.hostHeader ?? wantedHost(open.fields);
      if (host !== null) request.setHeader("host", host);
      for (const [name, values] of headersOf(forwarded)) request.setHeader(name, values);
      // `ws` takes a URL and would normalise the path.
      request.path = wireText(open.path);
      request.end();
    },
  };
  const make = (): WebSocket => {
    try {
      return new WebSocket(target.origin, options);
    } catch (thrown) {
      // Node refused the request, and the connection for it is being dialled.
      settle();
      throw thrown;
    }
  };
  const socket = make();
  const onUpgrade = (response: IncomingMessage): void => {
    const problem = problemWithSwitch(response);
    if (problem !== null)
      return fail(new TunnelError("UPSTREAM_PROTOCOL", `${target.authority}: ${problem}`));
    accepted = response;
    // The two ends judge the subprotocol. `ws` was told of none and would refuse the answer.
    delete response.headers["sec-websocket-protocol"];
  };
  const onUnexpectedResponse = (_request: unknown, response: IncomingMessage): void => {
    const status = response.statusCode ?? 0;
    // Node takes a 101 that lacks a field for an ordinary response.
    const error =
      status === 101
        ? new TunnelError("UPSTREAM_PROTOCOL", `${target.authority}: its 101 does not upgrade the connection`)
        : problemWithStatus(status);
    if (error !== null) fail(error);
    else if (settle()) events.onRefused(response);
  };
  socket.on("upgrade", guarded(onUpgrade, onFault));
  socket.on("open", () => {
    if (accepted !== null && settle()) events.onAccepted(socket, accepted, settings.webSocketPings);
  });
  socket.on("unexpected-response", guarded(onUnexpectedResponse, onFault));
  socket.on("error", (error) => {
    const notProcessed = phase === "dialing";
    fail(
      new TunnelError("UPSTREAM_PROTOCOL", `${target.authority}: ${error.message}`, {
        notProcessed,
        cause: error,
      }),
    );
  });
  socket.on("close", () => events.onTornDown());

  return () => {
    settle();
    socket.terminate();
  };
}

/** What RFC 6455 §4.1 and RFC 9110 §7.8, §15.2.2 ask of a 101 and neither Node nor `ws` looks at. */
function problemWithSwitch({ httpVersion, headers }: IncomingMessage): string | null {
  if (httpVersion !== "1.1") return `its 101 is HTTP/${httpVersion}`;
  const announcesBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return announcesBody ? "its 101 announces a body" : null;
}

/** As `node:http` takes them: the values of a repeated field together. */
function headersOf(fields: readonly Field[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const [name, value] of withoutHandshakeFields(fields)) {
    headers.set(name, [...(headers.get(name) ?? []), wireText(value)]);
  }
  return headers;
}
