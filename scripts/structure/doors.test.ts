import { join } from "node:path";
import { expect, it } from "vitest";
import { besideDoors, poorDoors } from "./doors.ts";
import { isTest, sourceFile, sourceFiles } from "./source-tree.ts";

const HEAD = `/*
 * Streams on one connection.
 *
 * Credit returns when its owner has read.
 * Time comes in as a clock.
 *
 * Begin with \`one.ts\`. docs/protocol.md; decision 0003.
 */
`;
const FILES = ["one", "two", "three", "four", "five", "six"];

function room(folder: string, door: string | null, names = FILES) {
  const own = names.map((name) => sourceFile(`${folder}/${name}.ts`, ""));
  return door === null ? own : [...own, sourceFile(`${folder}/index.ts`, door)];
}

it("finds imports that bypass a room's door", () => {
  const files = [
    sourceFile("shared/mux/index.ts", 'export { Mux } from "./mux.ts";\n'),
    sourceFile("shared/mux/mux.ts", 'import { inside } from "./queue.ts";\n'),
    sourceFile("connector/upstream/index.ts", ""),
    sourceFile("connector/upstream/http1/connection.ts", 'import type { Lease } from "../lease.ts";\n'),
    sourceFile("connector/relay/session.ts", 'import { Mux } from "../../shared/mux/index.ts";\n'),
    sourceFile("worker/index.ts", ""),
    sourceFile("worker/tunnel.ts", 'import type { Mux } from "../shared/mux/mux.ts";\n'),
    sourceFile("connector/serve/http.ts", 'import { Lease } from "../upstream/lease.ts";\n'),
    sourceFile("test/support/pair.ts", 'import { Mux } from "../../shared/mux/mux.ts";\n'),
    sourceFile("kit/testing/relay.ts", 'import { env } from "../../worker/env.ts";\n'),
  ];
  expect(besideDoors(files)).toEqual([
    "worker/tunnel.ts imports shared/mux/mux.ts: take it from shared/mux/index.ts",
    "connector/serve/http.ts imports connector/upstream/lease.ts: take it from connector/upstream/index.ts",
  ]);
});

it("finds rooms without a door", () => {
  expect(poorDoors(room("worker/new", null))).toEqual([
    "worker/new has 6 files and no index.ts, which exports what others use of it",
  ]);
  expect(poorDoors(room("worker/new", null, FILES.slice(1)))).toEqual([]);
  expect(poorDoors(room("bench/new", null))).toEqual([]);
  expect(poorDoors(room("worker/new", HEAD))).toEqual([]);
});

it("finds doors whose head does not say what the room is for", () => {
  expect(poorDoors(room("worker/new", "export {};\n"))).toHaveLength(3);
  expect(poorDoors(room("worker/new", "/* New things. Begin with `one.ts`; decision 0003. */\n"))).toEqual([
    "worker/new/index.ts: its comment at the top is too short to say what the room is for, and what holds in it",
  ]);
  expect(poorDoors(room("worker/new", HEAD.replace("one.ts", "gone.ts")))).toEqual([
    'worker/new/index.ts: its comment at the top does not say "Begin with `…`", a file of the room',
  ]);
  expect(poorDoors(room("worker/new", HEAD.replace(/docs.*$/m, "")))).toEqual([
    "worker/new/index.ts: its comment at the top names no decision and no page",
  ]);
});

it("every room that ships has a door, and imports use it", () => {
  const files = sourceFiles(join(import.meta.dirname, "../..")).filter(({ path }) => !isTest(path));
  expect(files.length).toBeGreaterThan(100);
  expect([...besideDoors(files), ...poorDoors(files)]).toEqual([]);
});
