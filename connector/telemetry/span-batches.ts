import { ExportResultCode } from "@opentelemetry/core";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Logger } from "../platform/index.ts";
import type { SpanCounts } from "./request-trace.ts";

/** Spans that wait or are being sent, about 1 KiB each. Further ones are dropped. */
const MAX_WAITING_SPANS = 4_096;
/** One POST. */
const MAX_BATCH_SPANS = 512;
const BATCH_MS = 2_000;
/** Longer than an exporter needs with all its attempts. */
const EXPORT_TIMEOUT_MS = 30_000;

/**
 * Sends spans in batches and counts the outcomes. The SDK's own limit is only for waiting spans; this one includes those being sent. The log
 * has a line when exports begin to fail, and one when they work again.
 */
export function countedBatches(exporter: SpanExporter, counts: SpanCounts, log: Logger): SpanProcessor {
  let waiting = 0;
  let failing = false;
  const sent = (count: number, error: Error | null): void => {
    waiting -= count;
    counts[error === null ? "exported" : "failed"] += count;
    if (error !== null && !failing) log.warn({ reason: reasonOf(error) }, "traces cannot be exported");
    if (error === null && failing) log.info("traces are exported again");
    failing = error !== null;
  };
  const batches = new BatchSpanProcessor({
    maxQueueSize: MAX_WAITING_SPANS,
    maxExportBatchSize: MAX_BATCH_SPANS,
    scheduledDelayMillis: BATCH_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    exporter: {
      export: (spans, done) =>
        exporter.export(spans, ({ code, error = new Error("failed") }) => {
          sent(spans.length, code === ExportResultCode.SUCCESS ? null : error);
          // The failure was reported here, and should not be reported again.
          done({ code: ExportResultCode.SUCCESS });
        }),
      shutdown: () => exporter.shutdown(),
    },
  });
  return {
    onStart: (span, context) => batches.onStart(span, context),
    onEnd(span) {
      if (waiting >= MAX_WAITING_SPANS) {
        counts.dropped++;
        return;
      }
      waiting++;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}

/** A status or the system's error code. Never what the other side wrote, nor its address. */
function reasonOf({ code }: Error & { code?: unknown }): string {
  return typeof code === "string" || typeof code === "number" ? String(code) : "not available";
}
