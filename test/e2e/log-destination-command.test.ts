import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { LogReceiver, SECRETS } from "../support/servers/log-receiver.ts";
import { runCulvert } from "../support/culvert-command.ts";

const ADMIN_KEY = "admin-key-of-the-log-destination-command-tests";
const receivers = { splunk: new LogReceiver("splunk"), webhook: new LogReceiver("webhook") };
let directory: string;
let relay: WorkerdProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-log-command-"));
  for (const receiver of Object.values(receivers)) await receiver.listen();
  relay = await startWorkerd({
    relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY, mayCallPrivate: true },
    persistDir: join(directory, "state"),
  });
});

afterAll(async () => {
  await relay.stop();
  for (const receiver of Object.values(receivers)) await receiver.close();
  await rm(directory, { recursive: true, force: true });
});

/** Runs `culvert log-destination …` as a process without a terminal. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const result = await runCulvert(["log-destination", ...args], {
    ...{ HOME: directory, CULVERT_RELAY: relay.url, CULVERT_API_KEY: ADMIN_KEY },
    ...env,
  });
  for (const secret of Object.values(SECRETS)) expect(result.out + result.err).not.toContain(secret);
  return result;
}

async function created(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await run(["create", ...args, "--json"], env);
  expect([code, err]).toEqual([0, ""]);
  return (JSON.parse(out) as { id: string }).id;
}

describe.concurrent("culvert log-destination", () => {
  it("creates, tests, changes, lists and deletes, and shows no secret", async () => {
    const splunk = ["--kind", "splunk", "--name", "hec", "--url", receivers.splunk.url, "--index", "edge"];
    const id = await created(splunk, { CULVERT_LOG_SECRET: SECRETS.splunk });
    const withId = ["--destination-id", id];
    expect(await run(["test", ...withId])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^It answered 200/) as string,
    });
    expect(receivers.splunk.complaints).toEqual([]);
    expect([...receivers.splunk.taken.keys()][0]).toMatch(/^test-/);

    expect(await run(["update", ...withId, "--name", "renamed", "--events", "failures"])).toMatchObject({
      code: 0,
    });
    const described = await run(["describe", ...withId, "--json"]);
    expect(JSON.parse(described.out)).toMatchObject({
      ...{ id, name: "renamed", kind: "splunk", events: "failures", index: "edge", secrets: ["token"] },
      delivery: { shipped: 0, lastError: null },
    });
    expect((await run(["describe", ...withId])).out).toMatch(/^index +"edge"$/m);
    expect((await run(["list"])).out).toContain("renamed");
    // The secret was kept.
    expect(await run(["test", ...withId, "--json"])).toMatchObject({ code: 0 });

    expect(await run(["delete", ...withId])).toMatchObject({ code: 2 });
    expect(await run(["delete", ...withId, "--yes"])).toMatchObject({ code: 0 });
    expect(await run(["describe", ...withId])).toMatchObject({
      code: 4,
      err: `error: There is no log destination ${id}.\n`,
    });
  });

  it("takes headers from a file, and says what a receiver that refuses them answers", async () => {
    const [file, bad] = [join(directory, "headers.txt"), join(directory, "bad.txt")];
    await writeFile(file, `x-signature: ${SECRETS.webhook}\n`);
    await writeFile(bad, `${SECRETS.webhook}\n`);
    const webhook = ["--kind", "webhook", "--name", "hook", "--url", receivers.webhook.url];
    const id = await created([...webhook, "--headers-file", file]);
    expect(await run(["test", "--destination-id", id])).toMatchObject({ code: 0 });
    expect(receivers.webhook.complaints).toEqual([]);
    receivers.webhook.treat = () => ({ status: 403, body: `${SECRETS.webhook}\u001B[31m is wrong` });
    expect(await run(["test", "--destination-id", id])).toMatchObject({
      code: 1,
      err: "error: It answered 403: [redacted]?[31m is wrong\n",
    });
    expect(await run(["create", ...webhook, "--headers-file", bad])).toMatchObject({
      code: 2,
      err: `error: ${bad}: line 1 is not "Name: value"\n`,
    });
  });

  it("mentions --allow-private only if the relay may not call a receiver", async () => {
    const careful = await startWorkerd({
      relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
      persistDir: join(directory, "careful"),
    });
    try {
      const webhook = ["--kind", "webhook", "--name", "hidden", "--url", receivers.splunk.url];
      const id = await created(webhook, { CULVERT_RELAY: careful.url });
      expect(await run(["test", "--destination-id", id], { CULVERT_RELAY: careful.url })).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^error: It failed: not reachable; .* --allow-private\n$/) as string,
      });
    } finally {
      await careful.stop();
    }
    const gone = await created(["--kind", "webhook", "--name", "gone", "--url", "http://127.0.0.1:1"]);
    expect(await run(["test", "--destination-id", gone])).toMatchObject({
      code: 1,
      err: "error: It failed: not reachable\n",
    });
  });

  it("says which secret is missing, and sends none to another host", async () => {
    const datadog = ["--kind", "datadog", "--name", "dd", "--url", "https://http-intake.logs.invalid"];
    expect(await run(["create", ...datadog])).toMatchObject({
      code: 2,
      err: expect.stringContaining("needs CULVERT_LOG_SECRET or --secret-file") as string,
    });
    const file = join(directory, "secret.txt");
    await writeFile(file, `${SECRETS.datadog}\n`);
    const id = await created([...datadog, "--secret-file", file, "--tag", "team:edge", "site:eu"]);
    expect(await run(["update", "--destination-id", id, "--url", "https://elsewhere.invalid"])).toMatchObject(
      {
        code: 2,
        err: expect.stringContaining("apiKey: must be given again for another address") as string,
      },
    );
    expect(await run(["create", "--kind", "smoke"])).toMatchObject({ code: 2 });
  });
});
