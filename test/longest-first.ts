import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * What takes longest: first what waits, then what computes, so that not all that computes for long runs at the same time. Without
 * times of an earlier run, Vitest goes by the size of a file.
 */
const LONGEST = [
  "test/conformance/sleeping-relay.test.ts",
  "test/e2e/memory-rows.test.ts",
  "test/e2e/control-plane.test.ts",
  "test/e2e/log-push.test.ts",
  "test/e2e/alert-command.test.ts",
  "test/e2e/faults.test.ts",
  "test/e2e/dashboard.test.ts",
  "test/e2e/battery.test.ts",
];

/** Otherwise the last of them would run by themselves, each on one core of two. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.indexOf(relative(this.ctx.config.root, moduleId));
      return index === -1 ? LONGEST.length : index;
    };
    // Stable: groups stay apart, and within them what is not named stays in its order.
    return (await super.sort(files)).toSorted((left, right) => {
      const groups = [left, right].map(({ project }) => project.config.sequence.groupOrder);
      return (groups[0] ?? 0) - (groups[1] ?? 0) || place(left) - place(right);
    });
  }
}
