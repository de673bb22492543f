import { expect, it } from "vitest";
import { besideDoors } from "./doors.ts";
import { sourceFile } from "./source-tree.ts";

it("finds what enters a room beside its door", () => {
  const files = [
    sourceFile("shared/mux/index.ts", 'export { Mux } from "./mux.ts";\n'),
    sourceFile("shared/mux/mux.ts", 'import { inside } from "./queue.ts";\n'),
    sourceFile("connector/upstream/index.ts", ""),
    sourceFile("connector/upstream/http1/connection.ts", 'import type { Lease } from "../lease.ts";\n'),
    sourceFile("connector/relay/session.ts", 'import { Mux } from "../../shared/mux/index.ts";\n'),
    sourceFile("worker/tunnel.ts", 'import type { Mux } from "../shared/mux/mux.ts";\n'),
    sourceFile("connector/serve/http.ts", 'import { Lease } from "../upstream/lease.ts";\n'),
  ];
  expect(besideDoors(files)).toEqual([
    "worker/tunnel.ts imports shared/mux/mux.ts: take it from shared/mux/index.ts",
    "connector/serve/http.ts imports connector/upstream/lease.ts: take it from connector/upstream/index.ts",
  ]);
});
