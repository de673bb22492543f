import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const workflows = globSync(".github/workflows/*.yml", { cwd: root }).sort();

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      permissions?: Record<string, string>;
      "timeout-minutes"?: number;
      steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
    }
  >;
}

const load = (path: string) => parse(readFileSync(join(root, path), "utf8")) as Workflow;
const steps = (path: string) => Object.values(load(path).jobs).flatMap(({ steps }) => steps);

it.each(["ci", "release"])("%s is there, and may write nothing unless a job says so", (name) => {
  const path = `.github/workflows/${name}.yml`;
  expect(workflows).toContain(path);
  expect(load(path).permissions).toEqual({ contents: "read" });
});

it.each(workflows)("%s names each action by a commit, with its version beside it", (path) => {
  const lines = readFileSync(join(root, path), "utf8").match(/uses: .*/g) ?? [];
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
    [],
  );
});

it.each(workflows)(
  "%s runs only scripts that package.json has, and no text of a stranger in a shell",
  (path) => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const { run = "" } of steps(path)) {
      for (const [, name = ""] of run.matchAll(/npm run (?:-s )?([\w:]+)/g))
        expect(scripts).toHaveProperty([name]);
      expect(run).not.toMatch(/\$\{\{ *github\.(event|head_ref)/);
    }
  },
);

it("runs each project of the tests, and the demo", () => {
  const text = readFileSync(join(root, ".github/workflows/ci.yml"), "utf8");
  for (const part of ["unit", "workers", "e2e", "npm run demo -- --once"]) expect(text).toContain(part);
});
