import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { CONTAINER_IMAGE } from "../shared/release/container-image.ts";

const text = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");
const [name, tag] = CONTAINER_IMAGE.split(":");

it("is the chart's image", () => {
  const { image } = parse(text("deploy/helm/culvert-connector/values.yaml")) as {
    image: { repository: string; tag: string };
  };
  const { version, appVersion } = parse(text("deploy/helm/culvert-connector/Chart.yaml")) as Record<
    string,
    string
  >;
  expect(image).toMatchObject({ repository: name, tag: "" });
  expect([version, appVersion]).toEqual([tag, tag]);
});

it("is the image of the plain manifests, the ECS task and the pages, whatever the registry", () => {
  for (const path of [
    "deploy/kubernetes/deployment.yaml",
    "deploy/ecs/task-definition.json",
    "docs/deploy/container.md",
  ]) {
    const named = text(path).match(/(?:[\w.-]+\/)*culvert(?::|@)[\w.:-]+/g) ?? [];
    expect([path, named.length]).toEqual([path, expect.any(Number)]);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((image) => image.split("/").at(-1) !== CONTAINER_IMAGE)).toEqual([]);
  }
});

it("is what the release pushes and looks for in the chart's values", () => {
  const release = text(".github/workflows/release.yml");
  expect(/^ {2}IMAGE: (.*)$/m.exec(release)?.[1]?.split("/").at(-1)).toBe(name);
  // The lines that the release replaces must exist.
  for (const [, pattern = ""] of release.matchAll(/s\|\^( {2}[^|]*)\$\|/g)) {
    const line = pattern.replaceAll("\\", "");
    expect(text("deploy/helm/culvert-connector/values.yaml").split("\n")).toContain(line);
  }
});
