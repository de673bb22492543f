import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CULVERT_BUNDLE, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi } from "../../scripts/demo/admin-api.ts";
import type { Child } from "../../scripts/demo/child-process.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startConnector } from "../../scripts/demo/local-tunnels.ts";
import { startWorkerd } from "../../scripts/workerd.ts";
import type { WorkerdProcess } from "../../scripts/workerd.ts";
import { runCulvert } from "../support/culvert-command.ts";

const ADMIN_KEY = "admin-key-of-the-alert-command-tests-01";
const CANARY = "canary-of-the-alert-command-tests";
/** Here an alert is sent after an outage of three seconds. */
const PATIENCE_MS = 120_000;

interface Received {
  path: string;
  key: string;
  body: { status?: string; kind?: string; summary?: string; tunnel?: { id: string }; text?: string };
}

const received: Received[] = [];
const webhook = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    received.push({
      path: request.url ?? "",
      key: String(request.headers["x-key"]),
      body: JSON.parse(Buffer.concat(chunks).toString()) as Received["body"],
    });
    response.end(`echo ${CANARY}`);
  });
});
const connectors: Child[] = [];
let directory: string;
let relay: WorkerdProcess;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-alerts-"));
  webhook.listen(0, "127.0.0.1");
  await once(webhook, "listening");
  url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/${CANARY}`;
  relay = await startWorkerd({
    relay: {
      ...{ bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY, mayCallPrivate: true },
      vars: { METRICS_INTERVAL_SECONDS: "1", ALERT_PATIENCE_PERCENT: "5" },
    },
    persistDir: join(directory, "state"),
  });
});

afterAll(async () => {
  for (const connector of connectors) await connector.stop(0);
  await relay.stop();
  webhook.closeAllConnections();
  webhook.close();
  await rm(directory, { recursive: true, force: true });
});

/** Runs `culvert alert …` as a process without a terminal. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  return runCulvert(["alert", ...args], {
    ...{ HOME: directory, CULVERT_RELAY: relay.url, CULVERT_API_KEY: ADMIN_KEY },
    ...env,
  });
}

describe("culvert alert", { timeout: 300_000 }, () => {
  it("creates, tests, lists and deletes, and refuses a private address unless allowed", async () => {
    const headers = join(directory, "headers.txt");
    await writeFile(headers, `x-key: ${CANARY}\n`);
    const created = await run(["create", "--name", "hook", "--headers-file", headers, "--json"], {
      CULVERT_ALERT_URL: url,
    });
    expect([created.code, created.err]).toEqual([0, ""]);
    const { id } = JSON.parse(created.out) as { id: string };
    expect(await run(["test", "--alert-id", id])).toEqual({ code: 0, out: "It answered 200\n", err: "" });
    expect(received.splice(0)).toMatchObject([
      { path: `/${CANARY}`, key: CANARY, body: { event: "alert", status: "test" } },
    ]);
    const listed = await run(["list"]);
    expect(listed.out).toMatch(/hook/);
    expect(listed.out).toMatch(/Nothing is wrong\./);
    expect(listed.out).not.toContain(CANARY);
    expect(await run(["delete", "--alert-id", id])).toMatchObject({ code: 2 });
    expect(await run(["delete", "--alert-id", id, "--yes"])).toMatchObject({ code: 0 });
    expect(await run(["test", "--alert-id", id])).toMatchObject({
      code: 4,
      err: `error: There is no alert ${id}.\n`,
    });
    expect(await run(["create", "--name", "nowhere"])).toMatchObject({ code: 2 });

    const careful = await startWorkerd({
      relay: { bundlePath: RELAY_BUNDLE, adminKey: ADMIN_KEY },
      persistDir: join(directory, "careful"),
    });
    try {
      const there = { CULVERT_RELAY: careful.url };
      const hidden = await run(["create", "--name", "hidden", "--url", url, "--json"], there);
      const hiddenId = (JSON.parse(hidden.out) as { id: string }).id;
      expect(await run(["test", "--alert-id", hiddenId], there)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/not reachable; .* --allow-private\n$/) as string,
      });
      expect(received).toEqual([]);
    } finally {
      await careful.stop();
    }
  });

  it("reports that connectors have died, and that one is back, without any request", async () => {
    expect(await run(["create", "--name", "json", "--url", url])).toMatchObject({ code: 0 });
    expect(await run(["create", "--name", "slack", "--format", "slack", "--url", url])).toMatchObject({
      code: 0,
    });
    const admin = adminApi(relay.url, ADMIN_KEY);
    const response = await fetch(`${relay.url}/v1/tunnels`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      body: JSON.stringify({ name: "watched" }),
    });
    const tunnel = (await response.json()) as { id: string; token: string };
    const connect = () => startConnector(CULVERT_BUNDLE, { admin, tunnel }, { TUNNEL_ALLOW: "127.0.0.1" });
    connectors.push(await connect(), await connect());
    await eventually("both to be told of before they are gone", PATIENCE_MS, async () => {
      const metrics = await fetch(`${relay.url}/v1/metrics`, {
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      });
      return (await metrics.text()).includes(`culvert_relay_connectors{tunnel="${tunnel.id}"} 2\n`);
    });
    for (const connector of connectors.splice(0)) connector.signal("SIGKILL");
    const outage = (status: string) =>
      received.filter(({ body }) => body.kind === "tunnel_down" && body.status === status);
    const [told] = await eventually("the outage", PATIENCE_MS, () => {
      const found = outage("firing");
      return found.length > 0 && found;
    });
    expect(told?.body).toMatchObject({ tunnel: { id: tunnel.id, name: "watched" } });
    expect((await run(["list"])).out).toContain("No connector is attached to watched: every request fails.");
    connectors.push(await connect());
    await eventually("its end", PATIENCE_MS, () => outage("resolved").length > 0);
    const slack = received.map(({ body }) => body.text ?? "").filter((text) => text !== "");
    expect(slack.some((text) => text.startsWith(":red_circle: No connector"))).toBe(true);
    await eventually("its end in Slack", PATIENCE_MS, () =>
      received.some(({ body }) => body.text?.includes("Resolved: No connector") === true),
    );
    expect(outage("firing")).toHaveLength(1);
  });
});
