import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkPinnedNode } from "../pinned-node.ts";
import { type Supply, unpinned } from "./unpinned.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const supply: Supply = {
  lockFile: JSON.stringify({ packages: { "": {}, "node_modules/a": { integrity: "sha512-x" } } }),
  packageFile: JSON.stringify({ devDependencies: { node: "24.1.0" } }),
  dockerfile: `ARG BUILD_IMAGE=docker.io/library/node:24.1.0-slim\nARG RUNTIME_IMAGE=some/base:tag\nFROM \${BUILD_IMAGE} AS build\nFROM \${RUNTIME_IMAGE}\n`,
  nodeVersion: "24.1.0",
  release: false,
  env: {},
};

describe("what has no digest", () => {
  it("is nothing if everything has one", () => {
    expect(unpinned(supply)).toEqual([]);
  });

  it("includes a package without SHA-512", () => {
    const lockFile = JSON.stringify({
      packages: { "node_modules/a": { integrity: "sha1-x" }, "node_modules/b": {} },
    });
    expect(unpinned({ ...supply, lockFile })).toEqual([
      "package-lock.json: node_modules/a has no SHA-512",
      "package-lock.json: node_modules/b has no SHA-512",
    ]);
  });

  it("includes a Node of another version", () => {
    expect(unpinned({ ...supply, nodeVersion: "24.2.0" })).toHaveLength(2);
  });

  it("includes, for a release, a base image with only a tag", () => {
    const release = { ...supply, release: true };
    expect(unpinned(release)).toHaveLength(2);
    const env = { BUILD_IMAGE: `mirror/node:24.1.0-slim@${DIGEST}`, RUNTIME_IMAGE: `mirror/base@${DIGEST}` };
    expect(unpinned({ ...release, env })).toEqual([]);
  });

  it("cannot miss a stage that names its image without an argument", () => {
    expect(() => unpinned({ ...supply, dockerfile: "FROM node:24.1.0\n" })).toThrow("no argument");
  });
});

describe("the Node that ships", () => {
  it("is refused if its digest differs, or is not known for the platform", async () => {
    const directory = await mkdtemp(join(tmpdir(), "culvert-node-"));
    const file = join(directory, "node");
    await writeFile(file, "another");
    await expect(checkPinnedNode(file, "linux-x64")).rejects.toThrow("it must be 7fde");
    await expect(checkPinnedNode(file, "plan9-mips")).rejects.toThrow("none is known");
    await rm(directory, { recursive: true });
  });
});
