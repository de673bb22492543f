import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { pino } from "pino";
import { expect, it, vi } from "vitest";
import { countedBatches } from "./span-batches.ts";

it("drops and counts what comes while 4,096 spans wait or are on their way, and goes on when those are gone", async () => {
  const counts = { exported: 0, failed: 0, dropped: 0 };
  const answers: { count: number; done: (result: ExportResult) => void }[] = [];
  const exporter = {
    export: (spans: unknown[], done: (result: ExportResult) => void) =>
      void answers.push({ count: spans.length, done }),
    shutdown: () => Promise.resolve(),
  };
  const processor = countedBatches(exporter, counts, pino({ level: "silent" }));
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer("test");
  const endSpans = (count: number) => {
    for (let i = 0; i < count; i++) tracer.startSpan("span").end();
  };
  endSpans(5_000);
  expect(counts).toEqual({ exported: 0, failed: 0, dropped: 904 });
  // On their way is one batch alone until it is answered, and nothing of what came later.
  await vi.waitFor(() => expect(answers.length).toBe(1));
  endSpans(10);
  expect(counts.dropped).toBe(914);

  let answered = 0;
  while (answered < 4_096) {
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0), { timeout: 15_000 });
    const { count, done } = answers.shift() ?? { count: 0, done: () => {} };
    answered += count;
    done({ code: answered === 4_096 ? ExportResultCode.FAILED : ExportResultCode.SUCCESS });
  }
  expect(counts.exported + counts.failed).toBe(4_096);
  expect(counts.failed).toBeGreaterThan(0);
  endSpans(10);
  expect(counts.dropped).toBe(914);
});
