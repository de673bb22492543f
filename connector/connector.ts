import type { Clock } from "../shared/time/clock.ts";
import type { MemoryAccount } from "../shared/memory/memory-budget.ts";
import type { Stream, StreamHandler } from "../shared/mux/index.ts";
import { StreamLimit } from "../shared/streams/stream-limit.ts";
import { encodedSize, encodeHealth } from "../shared/protocol/index.ts";
import { AccessLog, FinishedRequests, Metrics, type OnFinished, type SpanCounts } from "./telemetry/index.ts";
import {
  ConnectionKeeper,
  ObjectAttachments,
  type ObjectSlot,
  type DialRelay,
  type RelayTransport,
} from "./relay/index.ts";
import type { Logger, Faults } from "./platform/index.ts";
import { type RunCheck, ServiceChecks } from "./checks/service-checks.ts";

export interface ConnectorOptions {
  /** How many connections to keep to each object of the tunnel. */
  connections: number;
  /** The maximum of concurrent streams per kept connection. More objects do not mean more streams. */
  maxStreams: number;
  /** How long a stream's window may stay closed if its service does not say. Called for each connection. */
  stallTimeoutMs: () => number;
  dialRelay: DialRelay;
  /** The tunnel of the current token. */
  tunnelId: () => string;
  serve(stream: Stream, onFinished: OnFinished): StreamHandler;
  runCheck: RunCheck;
  /** The logged share of the successful requests: 0 to 1. Called for each request. */
  accessLogShare: () => number;
  /** Random per process. The relay tells connectors apart by it. */
  connectorId: string;
  /** A name for people. */
  connectorName?: string;
  /** The name of its host. */
  host?: string;
  platform?: string;
  softwareVersion: string;
  clock: Clock;
  /** The memory budget of the process. */
  memory: MemoryAccount;
  /** Numbers from 0 to below 1, for jitter. */
  random: () => number;
  /** Null: nothing is traced. */
  spans: Readonly<SpanCounts> | null;
  /** Lines that the log could not write. */
  droppedLogLines: () => number;
  faults: Faults;
  log: Logger;
}

/** The daemon. It keeps connections to the relay, serves their streams, checks upstreams, and counts. */
export class Connector {
  readonly connectorId: string;
  readonly #finished: FinishedRequests;
  readonly #metrics: Metrics;
  readonly #checks: ServiceChecks;
  readonly #attachments: ObjectAttachments<ConnectionKeeper>;

  constructor(options: ConnectorOptions) {
    const { connectorId, clock, random, log, accessLogShare } = options;
    this.connectorId = connectorId;
    const accessLog = new AccessLog(log, accessLogShare, random);
    const { softwareVersion, connectorName } = options;
    this.#metrics = new Metrics(
      { version: softwareVersion, name: connectorName ?? "", connector: connectorId },
      {
        connections: () =>
          this.#attachments.keepers.map(({ condition, roundTripMs, landedOn }) => ({
            ...{ state: condition, roundTripMs, object: landedOn ?? "" },
          })),
        services: () => this.#checks.states,
        spans: options.spans,
        droppedLogLines: options.droppedLogLines,
        faults: options.faults.counts,
      },
    );
    this.#finished = new FinishedRequests(
      clock,
      (summary, error) => {
        this.#metrics.requestFinished(summary);
        accessLog.write(summary, error);
      },
      (thrown) => options.faults.report("process", thrown),
    );
    this.#checks = new ServiceChecks({
      ...{ run: options.runCheck, clock, random, log },
      onReport: (report) => this.#report(encodeHealth(report)),
    });
    const streams = new StreamLimit(options.connections * options.maxStreams, clock);
    this.#attachments = new ObjectAttachments({
      ...{ connections: options.connections, tunnelId: options.tunnelId, clock, random },
      newKeeper: (slot) => this.#keeper(options, slot, streams),
    });
  }

  /** Connections that the relay has accepted and not asked to leave. */
  get readyConnections(): number {
    return this.#attachments.keepers.filter((keeper) => keeper.ready).length;
  }

  get activeStreams(): number {
    this.#finished.flush();
    return this.#metrics.activeStreams;
  }

  metricsText(): Promise<string> {
    this.#finished.flush();
    return this.#metrics.render();
  }

  /** Accepts no more streams, lets open ones finish for up to `graceMs`, and resolves when all connections have ended. */
  async drain(graceMs: number): Promise<void> {
    this.#checks.stop();
    await this.#attachments.drain(graceMs);
    this.#finished.flush();
  }

  #keeper(options: ConnectorOptions, slot: ObjectSlot, streams: StreamLimit): ConnectionKeeper {
    const metrics = this.#metrics;
    const onFinished: OnFinished = (summary, error) => this.#finished.add(summary, error);
    let accepted = false;
    return new ConnectionKeeper({
      ...options,
      reportFault: options.faults.report,
      streams,
      index: slot.index,
      dialRelay: (events) =>
        counted(options.dialRelay(events, slot.dialledObject()), (sizeBytes) =>
          metrics.relayMessageSent(sizeBytes),
        ),
      onReady: () => {
        if (accepted) metrics.reconnected();
        accepted = true;
        slot.onReady();
      },
      onObjects: (list) => slot.onObjects(list),
      onRefused: (status) => slot.onRefused(status),
      onLost: () => metrics.connectionLost(),
      onStalled: () => metrics.creditStalled(),
      onChecks: (list) => this.#checks.apply(list),
      onStream: (stream) => {
        metrics.requestStarted(stream.open.service);
        return options.serve(stream, onFinished);
      },
    });
  }

  /** Sends on every connection, because each may lead to another object of the relay. */
  #report(payload: Uint8Array): void {
    for (const keeper of this.#attachments.keepers) keeper.sendSettings(payload);
  }
}

function counted(connection: RelayTransport, onSend: (sizeBytes: number) => void): RelayTransport {
  return {
    send(frames) {
      onSend(encodedSize(frames));
      connection.send(frames);
    },
    sendText: (text) => connection.sendText(text),
    close: (code, reason) => connection.close(code, reason),
    terminate: () => connection.terminate(),
    bufferedBytes: () => connection.bufferedBytes(),
  };
}
