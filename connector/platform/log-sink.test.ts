import { expect, it } from "vitest";
import { LogSink } from "./log-sink.ts";

/** A reader with room for so many bytes. */
function reader(room: number) {
  const text: string[] = [];
  return {
    room,
    failing: false,
    get text() {
      return text.join("");
    },
    write(bytes: Uint8Array): number {
      if (this.failing) throw new Error("ENOSPC");
      const part = bytes.subarray(0, this.room);
      this.room -= part.length;
      text.push(Buffer.from(part).toString());
      return part.length;
    },
  };
}

it("writes all lines in order, however the reader takes them", () => {
  const to = reader(3);
  const sink = new LogSink((bytes) => to.write(bytes));
  sink.write("first\n");
  sink.flush();
  sink.write("second\n");
  to.room = 5;
  sink.flush();
  to.room = 100;
  sink.flush();
  expect(to.text).toBe("first\nsecond\n");
  expect(sink.droppedLines).toBe(0);
});

it("drops and counts lines if the reader is a megabyte behind, and goes on when there is room again", () => {
  const to = reader(0);
  const sink = new LogSink((bytes) => to.write(bytes));
  const line = `${"x".repeat(9_999)}\n`;
  for (let index = 0; index < 300; index++) sink.write(line);
  const kept = 300 - sink.droppedLines;
  expect(kept).toBeGreaterThan(90);
  expect(kept).toBeLessThan(120);
  to.room = Infinity;
  sink.flush();
  sink.write("again\n");
  sink.flush();
  expect(to.text).toBe(`${line.repeat(kept)}again\n`);
});

it("counts each line that a full disk has no room for, once", () => {
  const to = reader(0);
  to.failing = true;
  const sink = new LogSink((bytes) => to.write(bytes));
  for (let index = 0; index < 7; index++) sink.write("line\n");
  sink.flush();
  expect(sink.droppedLines).toBe(7);
  to.failing = false;
  to.room = 100;
  sink.write("later\n");
  sink.flush();
  expect(to.text).toBe("later\n");
  expect(sink.droppedLines).toBe(7);
});

it("waits a second for the reader at exit, and no longer", () => {
  const sink = new LogSink(() => 0);
  sink.write("never read\n");
  const startedMs = performance.now();
  sink.flushAtExit();
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_000);
});
