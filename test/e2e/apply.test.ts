import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { startWorkerd, type WorkerdProcess } from "../../scripts/workerd.ts";
import { parseToken } from "../../shared/tokens/token.ts";
import { bareEnvironment } from "../support/bare-environment.ts";

const ADMIN_KEY = "admin-key-of-the-apply-tests-0123456789";

let directory: string;
let relay: WorkerdProcess;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-apply-"));
  relay = await startWorkerd({
    relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
    persistDir: join(directory, "state"),
  });
});
afterAll(async () => {
  await relay?.stop();
  await rm(directory, { recursive: true, force: true });
});

function culvert(args: readonly string[], env: Record<string, string> = {}, input = "") {
  const standard = { CULVERT_RELAY: relay.url, CULVERT_API_KEY: ADMIN_KEY };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [CULVERT_BUNDLE, ...args],
      { env: { ...bareEnvironment(), HOME: directory, ...standard, ...env }, timeout: 20_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

const DECLARED = `
version: 1
tunnels:
  - name: declared
    services:
      - name: payments-api-prod
        endpoint: http://payments.internal:8080
        configurations: [{ project: my-project, accessibleBy: [production] }]
logDestinations:
  - { kind: otlp, name: collector, url: "https://otel.example.com", events: failures }
  - { kind: datadog, name: dd, url: "https://dd.example.com", secretFrom: DD_KEY }
gatewayKeys:
  - { project: my-project, environment: production }
`;

describe("culvert apply", () => {
  it("shows a plan, applies it, and finds nothing left to do", async () => {
    const file = join(directory, "culvert.yaml");
    await writeFile(file, DECLARED);
    const dry = await culvert(["apply", "-f", file, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toContain("+ tunnel declared\n");
    expect(dry.out).toContain("+ service payments-api-prod leads to http://payments.internal:8080\n");
    expect(dry.out).toContain("+ gateway key of my-project in production\n");
    expect((await culvert(["tunnel", "list"])).out).toBe("(none)\n");

    // There is no place to store what is shown only once.
    expect((await culvert(["apply", "-f", file])).code).toBe(2);
    expect((await culvert(["tunnel", "list"])).out).toBe("(none)\n");

    // The third of four steps fails. The next run does the rest.
    const secrets = join(directory, "secrets");
    const args = ["apply", "-f", file, "--secrets-dir", secrets];
    const half = await culvert(args);
    expect(half.code).toBe(2);
    expect(half.err).toContain('2 of 4 done; then "+ log destination dd" failed: DD_KEY');
    // No file remains for what was not created.
    const viewer = await culvert(["api-key", "create", "--role", "viewer", "--json"]);
    const { key } = JSON.parse(viewer.out) as { key: string };
    const only = join(directory, "only-key.yaml");
    await writeFile(only, "version: 1\ngatewayKeys: [{ project: my-project, environment: preview }]\n");
    const onlyArgs = ["apply", "-f", only, "--secrets-dir", join(directory, "viewers")];
    expect((await culvert([...onlyArgs, "--dry-run"], { CULVERT_API_KEY: key })).code).toBe(0);
    expect((await culvert(onlyArgs, { CULVERT_API_KEY: key })).code).toBe(3);
    expect(await readdir(join(directory, "viewers"))).toEqual([]);

    const rest = await culvert(args, { DD_KEY: "secret-of-datadog" });
    expect(rest).toMatchObject({ code: 0, err: "" });
    expect(rest.out).toBe("+ log destination dd\n+ gateway key of my-project in production\nDone: 2 of 2.\n");
    expect(await culvert(args)).toEqual({ code: 0, out: "There is nothing to change.\n", err: "" });

    const kept = await readdir(secrets);
    expect(kept.sort()).toEqual(["gateway-key-my-project-in-production.key", "tunnel-declared.token"]);
    for (const name of kept) expect((await stat(join(secrets, name))).mode & 0o777).toBe(0o600);
    const token = (await readFile(join(secrets, "tunnel-declared.token"), "utf8")).trim();
    expect(parseToken(token).ok).toBe(true);
    for (const { out } of [half, rest]) expect(out).not.toMatch(/culvert_|secret-of/);
  });

  it("changes what differs, and leaves everything else alone", async () => {
    const file = join(directory, "changed.yaml");
    await writeFile(
      file,
      DECLARED.replace(":8080", ":9090")
        .replace("failures", "all")
        .replace(/gatewayKeys[^]*/, ""),
    );
    const changed = await culvert(["apply", "-f", file]);
    expect(changed).toMatchObject({ code: 0, err: "" });
    expect(changed.out).toContain("~ services of tunnel declared\n");
    expect(changed.out).toContain("- service payments-api-prod leads to http://payments.internal:8080\n");
    expect(changed.out).toContain(
      '~ log destination collector\n    - events: "failures"\n    + events: "all"\n',
    );
    expect((await culvert(["apply", "-f", file])).out).toBe("There is nothing to change.\n");
    expect((await culvert(["gateway-key", "list"])).out).toContain("my-project");
  });

  it.each([
    [
      "a secret",
      'logDestinations: [{kind: loki, name: a, url: "https://a.example", token: canary}]',
      "secretFrom",
    ],
    ["a key it does not know", "tunels: []", "unknown key"],
    ["a name twice", "tunnels: [{name: a}, {name: a}]", '"a" appears twice'],
    ["a service that is none", "tunnels: [{name: a, services: [{}]}]", "tunnels[0].services[0].name"],
    ["no YAML", "a: [", "is not YAML, line"],
    ["a tag that is none here", "tunnels: !include tunnels.yaml", "is not YAML, line 2"],
  ])("refuses a file with %s before it asks anything", async (name, text, message) => {
    const file = join(directory, `${name}.yaml`);
    await writeFile(file, name === "no YAML" ? text : `version: 1\n${text}\n`);
    const run = await culvert(["apply", "-f", file], { CULVERT_RELAY: "http://127.0.0.1:1" });
    expect(run).toMatchObject({ code: 2, out: "" });
    expect(run.err).toContain(message);
    expect(run.err).not.toContain("canary");
  });
});

describe("the GitHub action that shows the plan", () => {
  interface Action {
    inputs: Record<string, { default?: string }>;
    runs: { steps: { shell: string; run: string; env: Record<string, string> }[] };
  }

  /** Runs the action's own script with what GitHub would give it, and a `gh` that records its arguments. */
  async function planned(name: string, declared: string, pullRequest: string, key = ADMIN_KEY) {
    const home = join(directory, `action of ${name}`);
    await mkdir(join(home, "bin"), { recursive: true });
    await writeFile(join(home, "declared $(touch pwned).yaml"), declared);
    // It uses the runner's Node, and no real token.
    await writeFile(
      join(home, "bin/gh"),
      '#!/bin/sh\nfor word in "$@"; do echo "$word"; done >> "$RUNNER_TEMP/gh"\n',
      {
        mode: 0o755,
      },
    );
    const text = await readFile(join(import.meta.dirname, "../../deploy/github/plan/action.yml"), "utf8");
    const [step] = (parse(text) as Action).runs.steps;
    const given: Record<string, string> = {
      "inputs.relay": relay.url,
      "inputs.api-key": key,
      "inputs.file": "declared $(touch pwned).yaml",
      "inputs.culvert": CULVERT_BUNDLE,
      "github.token": "ghs_of_nobody",
      "github.event.pull_request.number": pullRequest,
      "github.repository": "acme/gateway",
    };
    const env = Object.fromEntries(
      Object.entries(step?.env ?? {}).map(([variable, expression]) => [
        variable,
        given[/^\$\{\{ (\S+) \}\}$/.exec(expression)?.[1] ?? ""] ?? "",
      ]),
    );
    const files = { GITHUB_OUTPUT: join(home, "output"), GITHUB_STEP_SUMMARY: join(home, "summary") };
    const PATH = `${join(home, "bin")}:${dirname(process.execPath)}:${process.env["PATH"]}`;
    const run = await new Promise<{ code: number; text: string }>((resolve) => {
      execFile(
        "bash",
        ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? ""],
        { cwd: home, env: { PATH, HOME: home, RUNNER_TEMP: home, ...files, ...env }, timeout: 60_000 },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), text: out + err }),
      );
    });
    const read = (file: string) => readFile(join(home, file), "utf8").catch(() => "");
    const told = { output: await read("output"), summary: await read("summary"), asked: await read("gh") };
    expect(Object.values(told).join("") + run.text).not.toMatch(/ghs_of_nobody|admin-key/);
    expect(await readdir(home)).not.toContain("pwned");
    return { ...run, ...told, home };
  }

  it("comments on a pull request once there is a change, with a viewer's key, and changes nothing", async () => {
    const made = await culvert(["api-key", "create", "--role", "viewer", "--json"]);
    const { key } = JSON.parse(made.out) as { key: string };
    const declared = "version: 1\ntunnels: [{ name: planned }]\n";
    const run = await planned("a change", declared, "17", key);
    expect(run).toMatchObject({ code: 0, output: "changes=true\n" });
    expect(run.summary).toMatch(/^### culvert apply: the plan of declared .*\n\n {4}\+ tunnel planned\n$/);
    expect(run.asked.split("\n")).toEqual([
      ...["pr", "comment", "17", "--repo", "acme/gateway", "--body-file"],
      ...[join(run.home, "culvert-plan.md"), ""],
    ]);
    // The plan created nothing, so a push finds the same changes. There is no pull request to comment on.
    expect(await planned("a push", declared, "")).toMatchObject({ output: "changes=true\n", asked: "" });
  });

  it("is silent if nothing changes, and fails if the file or the key is wrong", async () => {
    expect(await planned("no change", "version: 1\n", "17")).toMatchObject({
      ...{ code: 0, output: "changes=false\n", asked: "" },
    });
    expect(await planned("no YAML", "a: [", "17")).toMatchObject({ code: 2, output: "", asked: "" });
    expect(
      await planned("no key", "version: 1\ntunnels: [{ name: a }]\n", "17", "x".repeat(40)),
    ).toMatchObject({
      ...{ code: 3, output: "", asked: "" },
    });
  });
});

describe("names of tunnels, keys and profiles", () => {
  it("tunnel rename changes the name, tunnel list shows status and connectors", async () => {
    const created = await culvert(["tunnel", "create", "--tunnel-name", "before", "--json"]);
    const { id } = JSON.parse(created.out) as { id: string };
    const renamed = await culvert(["tunnel", "rename", "--tunnel-id", id, "--tunnel-name", "after"]);
    expect(renamed).toEqual({ code: 0, out: `${id} is now called after.\n`, err: "" });
    expect((await culvert(["tunnel", "list"])).out).toMatch(
      new RegExp(`^${id}  after +inactive +0 +\\d{4}-`, "m"),
    );
  });

  it("rotate-token never shortens an earlier overlap silently", async () => {
    const created = await culvert(["tunnel", "create", "--tunnel-name", "overlapping", "--json"]);
    const { id, kid } = JSON.parse(created.out) as { id: string; kid: string };
    const rotate = (...args: string[]) => culvert(["tunnel", "rotate-token", "--tunnel-id", id, ...args]);
    expect((await rotate("--overlap", "24h")).code).toBe(0);
    const refused = await rotate("--overlap", "1h");
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused.err).toContain(`${kid} until `);
    expect((await rotate("--overlap", "48h")).code).toBe(0);
    const shortened = await rotate("--overlap", "1h", "--yes");
    expect(shortened).toMatchObject({ code: 0, err: expect.stringContaining(`kept ${kid} until`) });
  });

  it("login keeps profiles beside one another, whoami says which is used, logout forgets one", async () => {
    const made = await culvert(["api-key", "create", "--role", "viewer", "--json"]);
    const { key, kid } = JSON.parse(made.out) as { key: string; kid: string };
    const none = { CULVERT_RELAY: "", CULVERT_API_KEY: "" };
    expect((await culvert(["login", "--relay", relay.url], none, `${ADMIN_KEY}\n`)).code).toBe(0);
    const login = ["login", "--relay", relay.url, "--profile", "reader"];
    expect((await culvert(login, none, `${key}\n`)).code).toBe(0);
    expect((await culvert(["whoami"], none)).out).toMatch(/Key +the relay's ADMIN_KEY\nRole +admin\n/);
    const reader = await culvert(["whoami", "--profile", "reader", "--json"], none);
    expect(JSON.parse(reader.out)).toEqual({ relay: relay.url, key: kid, role: "viewer" });
    // An argument takes precedence over the environment.
    expect((await culvert(["whoami", "--profile", "reader"])).out).toContain(kid);
    expect((await culvert(["whoami"], { ...none, CULVERT_PROFILE: "reader" })).out).toContain(kid);
    expect((await culvert(["whoami", "--profile", "../x"], none)).code).toBe(2);
    expect((await culvert(["logout", "--profile", "reader"], none)).code).toBe(0);
    expect((await culvert(["logout", "--profile", "reader"], none)).code).toBe(4);
    expect((await culvert(["whoami", "--profile", "reader"], none)).code).toBe(2);
    expect((await culvert(["whoami"], none)).code).toBe(0);
  });
});
