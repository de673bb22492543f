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

describe("what is not named by a digest", () => {
  it("is nothing where all is", () => {
    expect(unpinned(supply)).toEqual([]);
  });

  it("is a package without SHA-512", () => {
    const lockFile = JSON.stringify({
      packages: { "node_modules/a": { integrity: "sha1-x" }, "node_modules/b": {} },
    });
    expect(unpinned({ ...supply, lockFile })).toEqual([
      "package-lock.json: node_modules/a has no SHA-512",
      "package-lock.json: node_modules/b has no SHA-512",
    ]);
  });

  it("is a Node of another version", () => {
    expect(unpinned({ ...supply, nodeVersion: "24.2.0" })).toHaveLength(2);
  });

  it("is, for a release, a base image by its tag", () => {
    const release = { ...supply, release: true };
    expect(unpinned(release)).toHaveLength(2);
    const env = { BUILD_IMAGE: `mirror/node:24.1.0-slim@${DIGEST}`, RUNTIME_IMAGE: `mirror/base@${DIGEST}` };
    expect(unpinned({ ...release, env })).toEqual([]);
  });

  it("is no stage that names its image past the arguments", () => {
    expect(() => unpinned({ ...supply, dockerfile: "FROM node:24.1.0\n" })).toThrow("no argument");
  });
});

describe("the Node that is shipped", () => {
  it("is refused with another digest, and on a platform whose digest is not known", async () => {
    const directory = await mkdtemp(join(tmpdir(), "culvert-node-"));
    const file = join(directory, "node");
    await writeFile(file, "another");
    await expect(checkPinnedNode(file, "linux-x64")).rejects.toThrow("it must be 7fde");
    await expect(checkPinnedNode(file, "plan9-mips")).rejects.toThrow("none is known");
    await rm(directory, { recursive: true });
  });
});
