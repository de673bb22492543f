import { type OnFinished, RequestMeter } from "../../../connector/telemetry/index.ts";
import type { Serve } from "../../../connector/start-connector.ts";
import { nodeClock } from "../../../connector/platform/index.ts";
import type { Stream, StreamHandler } from "../../../shared/mux/index.ts";
import type { TwinFaultCode } from "../types.ts";

/** Codes that mean that the upstream received nothing: the relay may then send the request to another connector. */
const NOT_PROCESSED: ReadonlySet<string> = new Set<TwinFaultCode>([
  "OVERLOADED",
  "CONNECTOR_OVERLOADED",
  "UPSTREAM_NOT_ALLOWED",
  "UPSTREAM_REFUSED",
  "UPSTREAM_DNS",
  "UPSTREAM_TLS",
  "UPSTREAM_CONNECT_TIMEOUT",
]);

interface ServiceFault {
  code: TwinFaultCode | null;
  delayMs: number;
  /** Bytes of the response's body after which it is cut; Infinity if it is not cut. */
  cutAfterBytes: number;
}

const NO_FAULT: ServiceFault = { code: null, delayMs: 0, cutAfterBytes: Infinity };

/** Sits between the relay's streams and the services, and causes the faults that a test asks for. */
export class TwinFaults {
  readonly #byService = new Map<string, ServiceFault>();

  set(service: string, fault: Partial<ServiceFault>): void {
    const key = service.toLowerCase();
    this.#byService.set(key, { ...(this.#byService.get(key) ?? NO_FAULT), ...fault });
  }

  clear(service?: string): void {
    if (service === undefined) this.#byService.clear();
    else this.#byService.delete(service.toLowerCase());
  }

  serve(stream: Stream, onFinished: OnFinished, serve: Serve): StreamHandler {
    const fault = this.#byService.get(stream.open.service.toLowerCase()) ?? NO_FAULT;
    if (fault.delayMs > 0)
      return later(stream, onFinished, fault.delayMs, () => spoiled(stream, onFinished, serve, fault));
    return spoiled(stream, onFinished, serve, fault);
  }
}

function spoiled(stream: Stream, onFinished: OnFinished, serve: Serve, fault: ServiceFault): StreamHandler {
  const { code, cutAfterBytes } = fault;
  if (code !== null) return failing(stream, onFinished, code);
  return serve(cutAfterBytes === Infinity ? stream : cut(stream, cutAfterBytes), onFinished);
}

function failing(stream: Stream, onFinished: OnFinished, code: TwinFaultCode): StreamHandler {
  const meter = new RequestMeter(stream.open, nodeClock);
  queueMicrotask(() => {
    if (!stream.closed) stream.reset(code, "played by the twin", { notProcessed: NOT_PROCESSED.has(code) });
    stream.release();
  });
  return {
    onReadable() {},
    onWritable() {},
    onClosed: (error) => onFinished(meter.finish(error?.code ?? null), error),
  };
}

/** Delays a stream before it is served. */
function later(
  stream: Stream,
  onFinished: OnFinished,
  delayMs: number,
  begin: () => StreamHandler,
): StreamHandler {
  const meter = new RequestMeter(stream.open, nodeClock);
  const timer = setTimeout(() => {
    const handler = begin();
    stream.attach(handler);
    handler.onReadable();
  }, delayMs);
  return {
    onReadable() {},
    onWritable() {},
    onClosed(error) {
      clearTimeout(timer);
      stream.release();
      onFinished(meter.finish(error?.code ?? null), error);
    },
  };
}

/** The same stream, with a response that breaks off after this many bytes of its body. */
function cut(stream: Stream, afterBytes: number): Stream {
  let leftBytes = afterBytes;
  const write = (bytes: Uint8Array): boolean => {
    if (bytes.length <= leftBytes) {
      leftBytes -= bytes.length;
      return stream.write(bytes);
    }
    if (leftBytes > 0) stream.write(bytes.subarray(0, leftBytes));
    leftBytes = 0;
    // Waits until what was written has left, because a RESET overtakes queued data.
    const whenSent = (): void => {
      if (stream.closed) return;
      if (stream.queuedBytes > 0) setTimeout(whenSent, 1);
      else stream.reset("BODY_ABORTED", "cut by the twin");
    };
    setTimeout(whenSent, 5);
    return false;
  };
  return new Proxy(stream, {
    get(target, name) {
      if (name === "write") return write;
      if (name === "end" && leftBytes === 0) return () => {};
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}
