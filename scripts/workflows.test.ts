import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validateWorkflow } from "@action-validator/core";
import { expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const own = globSync(".github/workflows/*.yml", { cwd: root }).sort();
const workflows = [...own, ...globSync("templates/*/.github/workflows/*.yml", { cwd: root }).sort()];

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      permissions?: Record<string, string>;
      "timeout-minutes"?: number;
      needs?: string | string[];
      outputs?: Record<string, string>;
      steps: { id?: string; uses?: string; run?: string; with?: Record<string, unknown> }[];
    }
  >;
}

const load = (path: string) => parse(readFileSync(join(root, path), "utf8")) as Workflow;
const steps = (path: string) => Object.values(load(path).jobs).flatMap(({ steps }) => steps);

it.each(["ci", "release"])("%s exists, and may write nothing unless a job says so", (name) => {
  const path = `.github/workflows/${name}.yml`;
  expect(own).toContain(path);
  expect(load(path).permissions).toEqual({ contents: "read" });
});

it.each(workflows)("%s pins each action to a commit, and names its version", (path) => {
  const lines = readFileSync(join(root, path), "utf8").match(/uses: .*/g) ?? [];
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
    [],
  );
});

// Nothing here can run these workflows, so this checks what can be checked without running them.
it.each(workflows)("%s is valid by GitHub's schema, and its scripts by a shell's parser", (path) => {
  const text = readFileSync(join(root, path), "utf8");
  expect(validateWorkflow(text).errors).toEqual([]);
  expect(validateWorkflow(text.replace("runs-on:", "run-on:")).errors).not.toEqual([]);
  for (const { run } of steps(path)) {
    if (run === undefined) continue;
    // GitHub replaces expressions before a shell reads the text.
    const script = run.replaceAll(/\$\{\{.*?\}\}/g, "x");
    const { status, stderr } = spawnSync("bash", ["-n"], { input: script, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  }
});

it.each(workflows)("%s refers only to jobs that it needs, their outputs, and steps with ids", (path) => {
  const { jobs } = load(path);
  for (const job of Object.values(jobs)) {
    const needs = [job.needs ?? []].flat();
    expect(Object.keys(jobs)).toEqual(expect.arrayContaining(needs));
    const ids = job.steps.map(({ id }) => id);
    const text = JSON.stringify(job);
    for (const [, needed = "", output = ""] of text.matchAll(/needs\.(\w+)\.outputs\.(\w+)/g)) {
      expect(needs).toContain(needed);
      expect(Object.keys(jobs[needed]?.outputs ?? {})).toContain(output);
    }
    for (const [, step] of text.matchAll(/steps\.(\w+)\./g)) expect(ids).toContain(step);
  }
});

it.each(workflows)(
  "%s runs only scripts of package.json, and puts no text from outside into a shell",
  (path) => {
    const folder = join(root, path, "../../..");
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
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
