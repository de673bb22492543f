import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { parse } from "yaml";
import { parseIdentity } from "../../shared/tokens/token.ts";
import { helmTools } from "./tools.ts";
import { type Schema, valuesList } from "./values-list.ts";

/**
 * `npm run helm`: lints the chart with helm, renders it with each of its `ci/*-values.yaml`, and checks the result with
 * kubectl. Then it writes deploy/kubernetes and the chart's README. With `--check` it writes nothing, and fails if they
 * differ.
 */
const root = join(import.meta.dirname, "../..");
const chart = join(root, "deploy/helm/culvert-connector");
const manifests = join(root, "deploy/kubernetes");
const { values: flags } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const { helm, kubectl } = helmTools();
const scratch = mkdtempSync(join(tmpdir(), "culvert-helm-"));
const problems: string[] = [];

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    ...{ encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    env: { ...process.env, HOME: scratch },
  });
}

function template(...args: string[]): string {
  return run(helm, ["template", "culvert", chart, "--namespace", "culvert", ...args]);
}

/** The rendered documents, by the name of their template. */
function documents(rendered: string): Map<string, string> {
  const found = rendered.matchAll(
    /^---\n# Source: culvert-connector\/templates\/(\S+)\n([^]*?)(?=^---$|(?![^]))/gm,
  );
  return new Map([...found].map(([, name = "", text = ""]) => [name, text.trimStart()]));
}

function refusedBySchema(...args: string[]): void {
  try {
    template(...args);
    problems.push(`helm template takes ${args.join(" ")}`);
  } catch {
    // helm refused the values, as it should.
  }
}

function written(path: string, text: string, same: (before: string) => boolean): void {
  let before = "";
  try {
    before = readFileSync(path, "utf8");
  } catch {
    // The file does not exist yet.
  }
  if (same(before)) return;
  if (flags.check) problems.push(`${path} is not what the chart renders: npm run helm`);
  else {
    writeFileSync(path, text);
    run(join(root, "node_modules/.bin/oxfmt"), [path]);
  }
}

try {
  for (const name of readdirSync(join(chart, "ci"))) {
    const file = join(chart, "ci", name);
    run(helm, ["lint", "--strict", chart, "--values", file]);
    const rendered = join(scratch, name);
    writeFileSync(rendered, template("--values", file));
    // `create --dry-run` would ask a server for the kinds of objects. This decodes each object without a server.
    run(kubectl, ["label", "--local", "--filename", rendered, "checked=true", "--output", "name"]);
    console.log(`pass  ${name}`);
  }
  const good = ["--set", "allow={a.internal:1}"];
  refusedBySchema();
  for (const wrong of [
    "allow={a b}",
    "replicaCount=-1",
    "token.value=secret",
    "image.digest=latest",
    "grace=1",
    "serviceAccountToken.enabled=true",
    "serviceAccountToken.expirationSeconds=60",
    "serviceAccountToken.identity=http://relay.example/v1/tunnels/tnl_a/identities/wid_abcdefghij23",
  ]) {
    refusedBySchema(...good, "--set", wrong);
  }
  const byAccount = ["--values", join(chart, "ci/service-account-values.yaml")];
  // The relay's default audience, for an identity that was added without one.
  const byAccountText = template(...byAccount);
  const identity = parseIdentity(/TUNNEL_IDENTITY\n +value: "(.*)"/.exec(byAccountText)?.[1] ?? "");
  const audience = `audience: "${identity?.relayUrl}/v1/tunnels/${identity?.tunnelId}"`;
  if (identity === null || !byAccountText.includes(audience))
    problems.push(`the service account's token is not for the tunnel: ${audience}`);
  for (const wrong of [
    "serviceAccountName=",
    "serviceAccountToken.identity=",
    "token.volume.emptyDir.medium=x",
  ])
    refusedBySchema(...byAccount, "--set", wrong);

  const values = ["--values", join(chart, "ci/manifests-values.yaml")];
  const files = documents(template(...values));
  const autoscaler = "horizontal-pod-autoscaler.yaml";
  files.set(
    autoscaler,
    documents(template(...values, "--set", "autoscaling.enabled=true")).get(autoscaler) ?? "",
  );
  for (const [name, text] of files) {
    const path = join(manifests, name);
    const head = "# Rendered from deploy/helm/culvert-connector by `npm run helm`: change it there.\n";
    written(path, head + text, (before) => isDeepStrictEqual(parse(before), parse(text)));
  }
  run(kubectl, ["kustomize", manifests]);

  const readme = join(chart, "README.md");
  const schema = JSON.parse(readFileSync(join(chart, "values.schema.json"), "utf8")) as Schema;
  const list = valuesList(schema, parse(readFileSync(join(chart, "values.yaml"), "utf8")));
  const text = readFileSync(readme, "utf8").replace(/(?<=<!-- values -->\n)[^]*/, `\n${list}\n`);
  const bare = (page: string): string => page.replaceAll(/[ -]+/g, "");
  written(readme, text, (before) => bare(before) === bare(text));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "helm: all passed" : `helm: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
