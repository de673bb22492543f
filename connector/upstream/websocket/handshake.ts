import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Field, OpenHead } from "../../../shared/protocol/index.ts";
import { callerOf } from "../../../shared/streams/stream-shares.ts";
import { faultError, guarded } from "../../platform/index.ts";
import { dial } from "../dial.ts";
import { Http1Connection, listed } from "../http1/index.ts";
import { rawHeadersOf, requestFields, wantedHost, wireText, withoutHandshakeFields } from "../http-fields.ts";
import type { Switched } from "../lease.ts";
import { permit } from "../permit.ts";
import type { LeaseSource } from "../pool.ts";
import { limitsFor } from "../service-limits.ts";
import {
  UpstreamExchange,
  type UpstreamDeps,
  type UpstreamEvents,
  type UpstreamRequest,
} from "../upstream.ts";
import { settingsFor } from "../upstream-rules.ts";

/** RFC 6455 §1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface Upgraded extends Switched {
  /** By the upstream's settings. */
  isPinged: boolean;
}

/** If the upstream refuses, its answer comes through the events of an ordinary exchange. */
export interface HandshakeEvents extends UpstreamEvents {
  /** Instead of an answer. From here on the owner has the connection. Nothing is read from it before this returns. */
  onAccepted(upgraded: Upgraded): void;
}

/**
 * Asks an upstream for a WebSocket, on a connection of its own. The constructor throws BAD_REQUEST or
 * UPSTREAM_NOT_ALLOWED; later failures come by `onError`.
 */
export class UpstreamHandshake {
  readonly #exchange: UpstreamExchange;
  /** Set once the upstream has switched. */
  #socket: Socket | null = null;

  constructor(open: OpenHead, deps: UpstreamDeps, owner: HandshakeEvents) {
    const key = randomBytes(16).toString("base64");
    // A handshake is a GET (RFC 6455 §4.1), whatever the gateway's request was, so it is checked as a GET.
    const { service, target, connectTimeoutMs, responseTimeoutMs } = open;
    const wanted = { service, target, method: "GET", path: wireText(open.path) };
    const address = permit(wanted, deps);
    const settings = settingsFor(deps.rules, address);
    const onFault = (thrown: unknown): void => {
      deps.reportFault("exchange", thrown);
      this.end();
      // The owner may already have been told that the handshake succeeded.
      owner.onError(faultError());
    };
    const onSwitched = (switched: Switched): void => {
      this.#socket = switched.socket;
      owner.onAccepted({ ...switched, isPinged: settings.webSocketPings });
    };
    const request: UpstreamRequest = {
      ...wanted,
      ...{ caller: callerOf(open), host: wantedHost(open.fields) },
      rawHeaders: rawHeadersOf([
        ...withoutHandshakeFields(requestFields(open.fields, limitsFor(deps.limits, service))),
        ["sec-websocket-version", "13"],
        ["sec-websocket-key", key],
      ]),
      body: null,
      upgrade: {
        protocol: "websocket",
        problemWith: (fields) => problemWithSwitch(fields, key),
        onSwitched: guarded(onSwitched, onFault),
      },
      ...{ connectTimeoutMs, responseTimeoutMs },
    };
    this.#exchange = new UpstreamExchange(request, address, settings, owner, deps, ownConnection(deps));
  }

  /** Pauses the body of a refusal. */
  pause(): void {
    this.#exchange.pause();
  }

  resume(): void {
    this.#exchange.resume();
  }

  /** Ends everything at once, in any phase, without `onError`. */
  end(): void {
    this.#exchange.abort();
    this.#socket?.destroy();
  }
}

/** A new connection for each handshake. WebSockets over HTTP/2 are another protocol (RFC 8441), which is not supported. */
function ownConnection(deps: UpstreamDeps): LeaseSource {
  const { clock, memory, reportFault } = deps;
  return {
    lease(target, settings, { caller, timeoutMs }, done) {
      return dial({ target, settings, caller, timeoutMs, protocols: ["http/1.1"] }, deps, (error, socket) => {
        if (socket === null) return done(error, null);
        const connection = new Http1Connection({
          ...{ socket, caller, clock, memory, reportFault, idleTimeoutMs: null },
          onIdle: () => connection.destroy(),
          onGone: () => {},
        });
        done(null, connection);
      });
    },
  };
}

/** Checks a 101 as RFC 6455 §4.1 and RFC 9110 §7.8, §15.2.2 require. */
function problemWithSwitch(fields: readonly Field[], key: string): string | null {
  const valueOf = (name: string): string | null => {
    const values = fields.filter(([field]) => field === name).map(([, value]) => value);
    return values.length === 0 ? null : values.join(", ");
  };
  if (!listed(valueOf("connection") ?? "", "upgrade")) return "its 101 does not upgrade the connection";
  if (valueOf("upgrade")?.toLowerCase() !== "websocket") return "invalid Upgrade header";
  const accept = createHash("sha1")
    .update(key + ACCEPT_SUFFIX)
    .digest("base64");
  if (valueOf("sec-websocket-accept") !== accept) return "invalid Sec-WebSocket-Accept header";
  if (valueOf("sec-websocket-extensions") !== null) return "an extension that was not offered";
  const announcesBody = valueOf("content-length") !== null || valueOf("transfer-encoding") !== null;
  return announcesBody ? "its 101 announces a body" : null;
}
