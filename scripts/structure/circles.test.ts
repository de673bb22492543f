import { expect, it } from "vitest";
import { circles } from "./circles.ts";
import { sourceFile } from "./source-tree.ts";

it("finds files that import themselves through others, type imports included", () => {
  const files = [
    sourceFile("a/one.ts", 'import { two } from "./two.ts";\nexport const one = two;\n'),
    sourceFile("a/two.ts", 'import type {\n  Three,\n} from "../b/three.ts";\nexport const two = 2;\n'),
    sourceFile("b/three.ts", 'export type { One } from "../a/one.ts";\n'),
    sourceFile("b/four.ts", 'import "./three.ts";\nconst text = \'from "./five.ts"\';\n'),
  ];
  expect(circles(files)).toEqual([["a/one.ts", "a/two.ts", "b/three.ts"]]);
  expect(files[3]?.imports).toEqual(["b/three.ts"]);
});
