import { expect, it } from "vitest";
import { runBattery } from "../battery/battery.ts";

/** The short form: Node's own servers and those that are installed. `npm run battery` is the long form. */
it("real servers answer through the tunnel as they do directly", { timeout: 400_000 }, async () => {
  const lines: string[] = [];
  const { problems, played, skipped } = await runBattery({
    only: ["node", "nginx", "h2o"],
    requests: 30,
    seed: 20_261_129,
    say: (line) => lines.push(line),
  });
  for (const name of skipped) console.log(`skipped, not installed: ${name}`);
  expect(problems, lines.join("\n")).toEqual([]);
  expect(played).toContain("node-h2c");
});
