/*
 * What the platform calls of the data plane: `fetch` for requests and connectors, events of WebSockets, RPC from the Registry.
 * Decisions are in tunnel-connections.ts, relay-request.ts and the mux. The object may lose its memory between any two calls, so
 * whatever has to outlive that is in a WebSocket's attachment or in storage; and it runs no timer while nothing is under way.
 * docs/architecture.md#hibernation; decisions 0005, 0008 and 0012.
 */
import { DurableObject } from "cloudflare:workers";
import type { Clock } from "../../shared/time/clock.ts";
import {
  CLOSE_GOING_AWAY,
  CLOSE_REVOKED,
  CLOSE_SERVICE_RESTART,
  PING_TEXT,
  PONG_TEXT,
  SUBPROTOCOL,
  TunnelError,
} from "../../shared/protocol/index.ts";
import { TAIL_SUBPROTOCOL } from "../../shared/events/tail.ts";
import { type ConnectClaim, tokenIsLive, verifyGatewayKey, verifyToken } from "../auth/index.ts";
import type { ObjectLoad } from "../registry/scaling/scaling.ts";
import { Captures } from "../capture/index.ts";
import { type Env, registryStub, telemetryStub, tunnelStub } from "../env.ts";
import { EventLog, EventOutbox, RequestRecord, MAX_TAILS, TailHub, presenceOf } from "../events/index.ts";
import { logSettings } from "../log-settings.ts";
import { logOwnAnswer } from "../relay-events.ts";
import { isolateMemory, messageRoom } from "../memory.ts";
import { VERSION } from "../../shared/release/version.ts";
import { objectFailure, whileAlive } from "../objects/ask-object.ts";
import { readAttachment } from "./attachments.ts";
import { buildOf } from "../build.ts";
import { type AccessPolicy, compilePolicy } from "./configuration/access-policy.ts";
import { type CheckList, checkListOf } from "./connectors/check-list.ts";
import { claimOf } from "./configuration/claim.ts";
import type { Claim, GatewayClaim, GatewayKeyClaim, TailClaim } from "./configuration/claim.ts";
import { ConfigCopy } from "./config-copy.ts";
import { connectionStatus } from "./connectors/connection-status.ts";
import { ConnectorConnection } from "./connectors/connector-connection.ts";
import { ConnectorSocket, newAttachment } from "./connectors/connector-socket.ts";
import {
  closeCodeOf,
  closeSocket,
  OpenExchanges,
  relayRequest,
  type RelayDeps,
  GatewayWatch,
} from "../exchange/index.ts";
import { relayTcp } from "../exchange/tcp/relay-tcp.ts";
import { tcpSocketResponse } from "../exchange/tcp/tcp-socket.ts";
import { dialledOf, unopened } from "./dialled.ts";
import { groundsOf, WebSocketRelay } from "../exchange/websocket/relay-websocket.ts";
import type { Dialled, TunnelCalls } from "../calls/tunnel-calls.ts";
import { type Hop, nextHop } from "./hand-on.ts";
import { LoadReports } from "./load-reports.ts";
import { NewerCode } from "./newer-code.ts";
import { RequestRate } from "./request-rate.ts";
import {
  keyRefusal,
  newerObjects,
  offTheList,
  refusal,
  unknownTunnel,
  unlogged,
  withObjects,
} from "./object-answers.ts";
import { attachList, isListed, type TunnelConfig, type TunnelStatus } from "./configuration/tunnel-config.ts";
import { type ObjectPhase, tunnelIdOf } from "./configuration/tunnel-objects.ts";
import { TunnelStore } from "./tunnel-store.ts";
import { TunnelConnections } from "./connections/tunnel-connections.ts";

/** Messages of gateways' WebSockets before other events get a turn: about 5 ms of work. */
const MESSAGES_IN_TURN = 64;

const nowMs = (): number => Date.now();

const clock: Clock = {
  nowMs,
  wallMs: nowMs,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  // The platform's queueMicrotask wraps what it is given; a promise's reaction is V8's alone.
  soon: (run) => void Promise.resolve().then(run),
};

export class Tunnel extends DurableObject<Env> implements TunnelCalls {
  readonly #store: TunnelStore;
  readonly #copy: ConfigCopy;
  readonly #memory = isolateMemory.open();
  readonly #core = new TunnelConnections(clock, Math.random, this.#memory);
  readonly #connections = new Map<WebSocket, ConnectorConnection>();
  readonly #gateways = new Map<WebSocket, WebSocketRelay>();
  readonly #tails = new TailHub(clock, this.#memory);
  readonly #outbox = new EventOutbox({
    clock,
    memory: this.#memory,
    sender: crypto.randomUUID(),
    send: (batch) => telemetryStub(this.env, this.#name).take(batch),
    facts: () => {
      const { connections } = this.status();
      return {
        destinationsRevision: this.#store.config()?.destinationsRevision ?? 0,
        connectors: connections.length,
        presence: presenceOf(connections),
      };
    },
  });
  readonly #loads = new LoadReports({
    clock,
    random: Math.random,
    measure: () => this.#measure(),
    isWatched: () => (this.#store.config()?.objects?.list.length ?? 1) > 1,
    isLeaving: () => this.#phase === "leaving",
    send: (load) => this.#report(load),
  });
  readonly #log = new EventLog(logSettings(this.env), this.#outbox, this.#tails, (event) => {
    if (event.code === "OVERLOADED" && this.#core.isFull) this.#loads.overloaded();
    this.#loads.finished(event.requestBytes + event.responseBytes);
  });
  readonly #exchanges = new OpenExchanges();
  readonly #captures = new Captures({
    clock,
    memory: this.#memory,
    settings: this.#log.settings,
    // Stored by one object for the whole tunnel, so that the limit applies to the sum.
    send: async (entry) => await telemetryStub(this.env, tunnelIdOf(this.#name)).capture(entry),
    waitUntil: (work) => this.ctx.waitUntil(work),
  });
  readonly #relayDeps: RelayDeps = {
    tunnel: this.#core,
    sockets: {
      room: { account: this.#memory, messages: messageRoom },
      accept: (socket, relay) => this.#acceptGateway(socket, relay),
    },
    gateways: new GatewayWatch(clock),
    log: this.#log,
    nowMs,
    isBehindEdge: this.env.EDGE === "cloudflare",
    exchanges: this.#exchanges,
    captures: this.#captures,
  };
  readonly #rate = new RequestRate();
  readonly #code = new NewerCode(buildOf(this.env));
  #policy: AccessPolicy | null = null;
  #checkList: CheckList | null = null;
  #messagesInTurn = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new TunnelStore(ctx.storage);
    this.#copy = new ConfigCopy({
      store: this.#store,
      nowMs,
      name: () => ctx.id.name,
      pull: async (objectName) => await registryStub(env).tunnelConfig(objectName),
      apply: (config) => void this.applyConfig(config),
      waitUntil: (work) => ctx.waitUntil(work),
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING_TEXT, PONG_TEXT));
    // Known to have had connectors: after a reset they redial within seconds.
    if (this.#store.tokenUses().length > 0) this.#core.arrivals.expect();
    this.#resume();
  }

  override async fetch(request: Request): Promise<Response> {
    const arrivedAtMs = nowMs();
    const claim = claimOf(request);
    if (claim === null) return new Response(null, { status: 403 });
    this.#code.called(claim.build, arrivedAtMs);
    const config = await this.#copy.get();
    if (claim.kind === "connect") return this.#connect(config, claim);
    if (config instanceof TunnelError) return this.#unavailable(config, request, claim, arrivedAtMs);
    if (config === null) return unlogged(refusal(unknownTunnel(), request));
    if (claim.kind === "tail") return this.#tail(claim);
    const caller = claim.kind === "gateway-key" ? callerOf(config, claim) : claim;
    if (caller === null) return keyRefusal(request);
    const hop = this.#nextHop(config, claim);
    if (hop !== null) return this.#handOn(hop, claim, request, arrivedAtMs);
    this.#rate.count(arrivedAtMs);
    const policy = this.#policyOf(config);
    const { tcp } = caller;
    if (tcp !== undefined)
      return tcpSocketResponse(await relayTcp(this.#relayDeps, config, policy, tcp, caller, arrivedAtMs));
    const response = await relayRequest(this.#relayDeps, config, policy, request, caller, arrivedAtMs);
    return withObjects(response, config, claim);
  }

  async dial(claim: GatewayClaim, address: string): Promise<Dialled> {
    const arrivedAtMs = nowMs();
    this.#code.called(claim.build, arrivedAtMs);
    const config = await this.#copy.get();
    if (config === null || config instanceof TunnelError) return unopened(config ?? unknownTunnel());
    const hop = this.#nextHop(config, claim);
    if (hop !== null) {
      this.#loads.handedOn();
      const { name, location } = hop.object;
      const sibling = tunnelStub(this.env, name, location);
      return whileAlive<Dialled>(sibling.dial({ ...claim, ...hop.hops }, address), () => sibling.alive());
    }
    this.#rate.count(arrivedAtMs);
    const policy = this.#policyOf(config);
    const dialled = dialledOf(await relayTcp(this.#relayDeps, config, policy, address, claim, arrivedAtMs));
    const objects = newerObjects(config, claim);
    return objects === null ? dialled : { ...dialled, objects };
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    this.#connections.get(socket)?.receive(message);
    const relay = this.#gateways.get(socket);
    relay?.received(message);
    if (relay !== undefined) this.#giveWay(relay.pauseMs);
    if (this.#tails.has(socket)) this.#tails.received(socket, message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    // If a socket's own close wakes the object, getWebSockets() no longer lists that socket, so it was not taken up again with the
    // others.
    if (!this.#connections.has(socket) && !this.#gateways.has(socket)) this.#restoreGateway(socket);
    this.#gateways.get(socket)?.closed(code, reason);
    this.#lost(socket);
    // The platform never answers a close by itself.
    closeSocket(socket, closeCodeOf(code), reason);
  }

  override webSocketError(socket: WebSocket): void {
    if (!this.#connections.has(socket) && !this.#gateways.has(socket)) this.#restoreGateway(socket);
    this.#gateways.get(socket)?.failed();
    this.#lost(socket);
  }

  #measure(): Omit<ObjectLoad, "atMs" | "bytesPerSecond" | "overloaded"> {
    const attached = [...this.#connections.values()].filter(({ mux }) => mux.hello !== null && !mux.isClosed);
    return {
      connectors: new Set(attached.map(({ mux }) => mux.hello?.connectorId)).size,
      requestsPerSecond: this.#rate.perSecond(nowMs()),
      // Those that wait for a connector among them.
      openStreams: this.#exchanges.size,
      isLeaving: this.#phase === "leaving",
      isOutdated: this.#code.isOutdated(nowMs()),
    };
  }

  async #report(load: ObjectLoad): Promise<void> {
    const sent = registryStub(this.env).objectReport(this.#name, load);
    this.ctx.waitUntil(sent.catch(() => {}));
    await sent;
  }

  /** This object no longer carries the tunnel; its siblings do. Requests that did not finish in the drain time end now. */
  #retire(): void {
    const error = new TunnelError("DRAINING", "This object no longer carries the tunnel.", {
      scope: "connection",
    });
    const why = "another object carries the tunnel now";
    // Done first, because the end of their connection would close them with a less specific code.
    for (const relay of this.#gateways.values()) relay.orphaned(why);
    for (const connection of this.#connections.values()) connection.end(error, CLOSE_GOING_AWAY);
    this.#tails.endAll(why);
    this.ctx.waitUntil(this.#store.forget());
  }

  #nextHop({ objects }: TunnelConfig, claim: GatewayClaim | GatewayKeyClaim): Hop | null {
    const own = { name: this.#name, takesRequests: this.#core.takesRequests };
    return nextHop(objects, own, claim, Math.random);
  }

  /** Hands the request to a sibling, with its body unread. */
  async #handOn(
    { object: { name, location }, hops }: Hop,
    claim: GatewayClaim | GatewayKeyClaim,
    request: Request,
    arrivedAtMs: number,
  ): Promise<Response> {
    this.#loads.handedOn();
    try {
      const cf = { culvert: { ...claim, ...hops } };
      const sibling = tunnelStub(this.env, name, location);
      return await whileAlive(sibling.fetch(request, { cf }), () => sibling.alive());
    } catch (thrown) {
      return this.#unavailable(objectFailure(thrown), request, claim, arrivedAtMs);
    }
  }

  // ── called by the Registry ──────────────────────────────────────────────────────────────────────

  /** Activates a newer configuration at once, and returns the version that it has afterwards. */
  applyConfig(config: TunnelConfig): { version: number } {
    const checksBefore = this.#checks().revision;
    const objectsBefore = this.#store.config()?.objects?.revision;
    if (this.#copy.save(config)) {
      this.#policy = null;
      this.#checkList = null;
      // Done before connectors are cut, which would end the same exchanges with a less specific reason.
      this.#exchanges.judge(config, this.#policyOf(config));
      this.#captures.judge(config.captures ?? []);
      this.#cutRevoked(config);
      if (config.deleted) this.#tails.endAll("the tunnel was deleted");
      if (this.#checks().revision !== checksBefore) {
        for (const connection of this.#connections.values()) connection.sendChecks();
      }
      if (config.objects?.revision !== objectsBefore) {
        for (const connection of this.#connections.values()) connection.sendObjects();
        // A new object serves once it has as many connectors as this one says it has.
        this.#loads.connectorsChanged();
      }
      if (!isListed(config, this.#name)) {
        this.#retire();
        // It keeps nothing, and is not to be told again for that.
        return { version: config.version };
      }
    }
    return { version: this.#store.config()?.version ?? 0 };
  }

  /** These keys and sessions are no longer valid, so their watchers are cut off. */
  endTails(kids: readonly string[]): void {
    this.#tails.endOf(kids);
  }

  status(): TunnelStatus {
    const connections = [...this.#connections.values()]
      .map(connectionStatus)
      .filter((status) => status !== null);
    const requestsPerSecond = this.#rate.perSecond(nowMs());
    const build = buildOf(this.env);
    return { connections, tokenUses: this.#store.tokenUses(), requestsPerSecond, build };
  }

  alive(): void {}

  /** Null: this copy of the configuration does not say. */
  get #phase(): ObjectPhase | null {
    const own = this.#store.config()?.objects?.list.find(({ name }) => name === this.#name);
    return own?.phase ?? null;
  }

  get #name(): string {
    return this.ctx.id.name ?? this.ctx.id.toString();
  }

  /**
   * A flood of messages is a long run of events in which nothing else gets a turn. So after some of them the object accepts no events
   * until the runtime has polled for others. Waiting sockets are then served in turn, one message each.
   */
  #giveWay(pauseMs: number): void {
    if (++this.#messagesInTurn < MESSAGES_IN_TURN && pauseMs === 0) return;
    this.#messagesInTurn = 0;
    void this.ctx.blockConcurrencyWhile(() => new Promise((done) => setTimeout(done, pauseMs)));
  }

  // ── parts ───────────────────────────────────────────────────────────────────────────────────────

  #connect(config: TunnelConfig | TunnelError | null, claim: ConnectClaim): Response {
    if (config instanceof TunnelError) return new Response(null, { status: 503 });
    if (config === null || !verifyToken(config, claim.kid, claim.secretDigestHex, Date.now())) {
      return new Response(null, { status: 401 });
    }
    if (!isListed(config, this.#name)) return offTheList(config);
    if (!this.#core.makePlace()) return new Response(null, { status: 409 });
    this.#store.tokenUsed(claim.kid, Date.now());
    const { 0: connectorEnd, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    socket.serializeAttachment(newAttachment(claim, Date.now()));
    this.#join(socket);
    return new Response(null, {
      status: 101,
      webSocket: connectorEnd,
      headers: { "sec-websocket-protocol": SUBPROTOCOL },
    });
  }

  #unavailable(error: TunnelError, request: Request, claim: Claim, arrivedAtMs: number): Response {
    const response = refusal(error, request);
    const caller = claim.kind === "request" ? claim : {};
    const facts = { ...caller, arrivedAtMs, tunnel: this.#name };
    if (claim.kind !== "tail")
      logOwnAnswer(request, response, facts, this.env, (work) => this.ctx.waitUntil(work));
    return response;
  }

  async #tail({ filter, kid, endsAtMs }: TailClaim): Promise<Response> {
    if (kid === undefined) return new Response(null, { status: 503 });
    this.#tails.endExpired();
    if (this.#tails.size >= MAX_TAILS) return new Response(null, { status: 429 });
    const { 0: watcherEnd, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    const untilMs = this.#tails.accept(socket, filter, kid, endsAtMs);
    // Only when it is there to be ended: its key may be deleted at any moment.
    const isHeld = await registryStub(this.env)
      .registerTail(this.#name, kid, untilMs)
      .catch(() => null);
    if (isHeld !== true) {
      this.#tails.end(socket, "show the key again");
      return new Response(null, { status: isHeld === null ? 503 : 401 });
    }
    const headers = { "sec-websocket-protocol": TAIL_SUBPROTOCOL };
    return new Response(null, { status: 101, webSocket: watcherEnd, headers });
  }

  /** Restores the object after a loss of memory, from its sockets and their attachments. */
  #resume(): void {
    const kept = this.ctx.getWebSockets().map((socket) => ({
      socket,
      // Closing sockets are listed as well: nothing can be sent there any more.
      isOpen: socket.readyState === WebSocket.OPEN,
      attachment: readAttachment(socket.deserializeAttachment()),
    }));
    for (const { socket, isOpen, attachment } of kept) {
      if (isOpen && attachment?.role === "connector") this.#join(socket);
    }
    for (const { socket, isOpen, attachment } of kept) {
      if (attachment?.role === "gateway") this.#restoreGateway(socket);
      if (isOpen && attachment?.role === "tail") this.#tails.restore(socket, attachment);
      // Code that is too new or too old has written the attachment, so the client has to connect again.
      if (attachment === null) closeSocket(socket, CLOSE_SERVICE_RESTART, "the relay was updated");
    }
  }

  #restoreGateway(socket: WebSocket): void {
    const attachment = readAttachment(socket.deserializeAttachment());
    // The exchange is over and logged. Only the platform's own close is still to come.
    if (attachment?.role !== "gateway" || attachment.isOver) return;
    const record = new RequestRecord(attachment.record, nowMs, (event) => {
      leave();
      this.#log.write(event);
    });
    const relay = new WebSocketRelay(socket, attachment, record, this.#relayDeps.sockets.room);
    const end = (refusal: TunnelError) => relay.revoked(refusal);
    const leave = this.#exchanges.add({ grounds: groundsOf(attachment), end });
    this.#gateways.set(socket, relay);
    const carrier = [...this.#connections.values()].find(
      ({ connectionId }) => connectionId === attachment.connectionId,
    );
    if (attachment.rest === null || carrier?.wasAtRest !== true) return relay.orphaned();
    try {
      relay.join(carrier.mux.restoreStream(attachment.open, attachment.rest, relay));
    } catch {
      // The stream's number now belongs to another stream.
      relay.orphaned();
    }
  }

  #acceptGateway(socket: WebSocket, relay: WebSocketRelay): void {
    this.ctx.acceptWebSocket(socket);
    this.#gateways.set(socket, relay);
  }

  #join(socket: WebSocket): void {
    const connection = new ConnectorConnection({
      socket: new ConnectorSocket(socket),
      tunnel: this.#core,
      clock,
      relayId: this.#name,
      softwareVersion: VERSION,
      build: buildOf(this.env),
      checkList: () => this.#checks(),
      objects: () => attachList(this.#store.config()),
      onHealth: () => this.#outbox.changed(),
      onChange: () => {
        this.#outbox.changed();
        this.#loads.connectorsChanged();
      },
      lastAutoAnswerMs: () => this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null,
    });
    this.#connections.set(socket, connection);
  }

  #lost(socket: WebSocket): void {
    this.#connections.get(socket)?.lost();
    this.#connections.delete(socket);
    this.#gateways.delete(socket);
    this.#tails.leave(socket);
  }

  #cutRevoked(config: TunnelConfig): void {
    for (const connection of this.#connections.values()) {
      if (!config.deleted && tokenIsLive(config, connection.kid, Date.now())) continue;
      const code = config.deleted ? "TUNNEL_DELETED" : "TOKEN_REVOKED";
      const message = config.deleted ? "The tunnel was deleted." : "The connector's token was revoked.";
      connection.end(new TunnelError(code, message, { scope: "connection" }), CLOSE_REVOKED);
    }
  }

  #checks(): CheckList {
    return (this.#checkList ??= checkListOf(this.#store.config()?.services ?? []));
  }

  #policyOf(config: TunnelConfig): AccessPolicy {
    return (this.#policy ??= compilePolicy(config));
  }
}

function callerOf(config: TunnelConfig, claim: GatewayKeyClaim): GatewayClaim | null {
  const { kid, digestHex, ...rest } = claim;
  const caller = verifyGatewayKey(config, kid, digestHex);
  return caller && { ...rest, ...caller, kind: "request", kid, keepForwarded: false };
}
