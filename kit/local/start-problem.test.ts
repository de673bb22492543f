import { expect, it } from "vitest";
import { startProblem } from "./start-problem.ts";

it("extracts workerd's messages from its JSON, and leaves the rest unchanged", () => {
  const logged = JSON.stringify({ level: "error", message: "service core:user:gw: Uncaught Error: at load" });
  const problem = startProblem(
    new Error(`The runtime failed to start.\nRuntime stderr:\n${logged}\n{ "a": 1 }`),
  );
  expect(problem.message).toBe(
    'The runtime failed to start.\nRuntime stderr:\nservice core:user:gw: Uncaught Error: at load\n{ "a": 1 }',
  );
  const plain = new Error("Build failed");
  expect(startProblem(plain)).toBe(plain);
  expect(startProblem("{").message).toBe("{");
});
