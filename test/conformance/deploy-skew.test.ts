import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { bundleWorker, RELAY_BUNDLE } from "../../scripts/bundle.ts";
import { adminApi } from "../../scripts/demo/admin-api.ts";
import { startWorkerd, type WorkerdProcess } from "../../scripts/workerd.ts";
import type { ObjectClass } from "../../scripts/workerd-config.ts";
import { oldRelease } from "../support/old-release.ts";
import { HandTunnel, read } from "../support/peers/hand-peer-relay.ts";

/*
 * After a deploy, the Worker and each object change to the new code at different times, up to an hour apart. Until then
 * they call each other across versions. Here each part runs one build and all others the build before or after it, on the
 * real runtime.
 */

const OBJECTS: readonly ObjectClass[] = ["Tunnel", "Registry", "Telemetry"];

/** Together these cover every call between parts, in both directions of the version difference. */
const SKEWS: readonly { name: string; worker: Build; objects: Build; others: readonly ObjectClass[] }[] = [
  { name: "the Worker is of the last release", worker: "old", objects: "today", others: OBJECTS },
  {
    name: "the tunnel's objects are of the last release",
    worker: "today",
    objects: "old",
    others: ["Tunnel"],
  },
  { name: "the Registry is of the last release", worker: "today", objects: "old", others: ["Registry"] },
  { name: "Telemetry is of the last release", worker: "today", objects: "old", others: ["Telemetry"] },
  // These parts are today's code with more fields: they receive fields that they do not know, and answer with more than
  // others know.
  {
    name: "every call and answer says more, as the next release's will",
    worker: "next",
    objects: "next",
    others: OBJECTS,
  },
];
type Build = "old" | "today" | "next";
const SERVICES = {
  version: 1,
  services: [
    {
      name: "api",
      endpoint: "http://payments.internal:8080",
      configurations: [{ project: "my-project", accessibleBy: "production" }],
    },
  ],
};

let directory: string;
const bundles: Record<Build, string> = { old: "", today: RELAY_BUNDLE, next: "" };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-skew-"));
  bundles.next = join(directory, "next.js");
  bundles.old = await oldRelease("relay.js");
  await bundleWorker(join(import.meta.dirname, "../support/next-release.ts"), bundles.next);
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

const isFault = (line: string) => /uncaught|internal error|api_failed/i.test(line);

/** A relay whose parts have different versions, and an admin. */
class SkewedRelay {
  readonly #workerd: WorkerdProcess;
  readonly #adminKey: string;

  private constructor(workerd: WorkerdProcess, adminKey: string) {
    this.#workerd = workerd;
    this.#adminKey = adminKey;
  }

  static async start(
    bundlePath: string,
    otherPath: string,
    others: readonly ObjectClass[],
  ): Promise<SkewedRelay> {
    const adminKey = randomBytes(32).toString("base64url");
    const otherBuild = { bundlePath: otherPath, classes: others };
    const persistDir = await mkdtemp(join(directory, "state-"));
    return new SkewedRelay(
      await startWorkerd({ relay: { bundlePath, adminKey, otherBuild }, persistDir }),
      adminKey,
    );
  }

  get url(): string {
    return this.#workerd.url;
  }

  get admin() {
    return adminApi(this.url, this.#adminKey);
  }

  get faults(): string[] {
    return this.#workerd.logs().split("\n").filter(isFault);
  }

  async api(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.#adminKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  stop(): Promise<void> {
    return this.#workerd.stop(100);
  }
}

describe.concurrent.each(SKEWS)("$name", ({ worker, objects, others }) => {
  it("serves as before, and says clearly what it cannot do yet", { timeout: 60_000 }, async ({ expect }) => {
    const relay = await SkewedRelay.start(bundles[worker], bundles[objects], others);
    try {
      await expectServes(relay, expect);
      // The last release's Registry has no such method.
      const { status, body } = await relay.api("GET", "/v1/alerts");
      const isOlder = worker === "today" && others.includes("Registry");
      if (worker !== "old")
        expect([status, body["code"]]).toEqual(isOlder ? [503, "RELAY_UPDATING"] : [200, undefined]);
    } finally {
      await relay.stop();
    }
  });
});

async function expectServes(relay: SkewedRelay, expect: ExpectStatic): Promise<void> {
  const { id, token } = await relay.admin.createTunnel("skewed");
  await relay.admin.putServices(id, SERVICES);
  const made = await relay.api("POST", "/v1/gateway-keys", {
    project: "my-project",
    environment: "production",
  });
  expect(made.status).toBe(201);
  const key = String(made.body["key"]);
  const tunnel = new HandTunnel({ id, token, relayUrl: relay.url, gatewayUrl: "", binding: "" });
  try {
    const peer = await tunnel.connect();
    const call = (init: RequestInit = {}, shown = key) =>
      fetch(`${relay.url}/~/${id}/api/orders`, { ...init, headers: { "culvert-gateway-key": shown } }).then(
        read,
      );

    const got = call();
    peer.answer((await peer.takeOpen()).id, "fine");
    expect(await got).toMatchObject({ status: 200, body: "fine" });
    const posted = call({ method: "POST", body: "once" });
    const open = await peer.takeOpen();
    expect(open).toMatchObject({ method: "POST", service: "api" });
    peer.answer(open.id, "done");
    expect(await posted).toMatchObject({ status: 200, body: "done" });
    expect((await call({}, "clv_wrong")).status).toBe(401);

    // Sooner or later the event can be read.
    await expect
      .poll(async () => JSON.stringify((await relay.api("GET", `/v1/tunnels/${id}/traffic`)).body), {
        timeout: 20_000,
      })
      .toMatch(/"requests":[1-9]/);
    expect(await relay.admin.connectors(id)).toHaveLength(1);
    await expectClearAnswers(relay, id, expect);
    expect(peer.closed).toBe(null);

    const { body } = await relay.api("GET", `/v1/tunnels/${id}`);
    for (const { kid } of body["tokens"] as { kid: string }[])
      expect((await relay.api("DELETE", `/v1/tunnels/${id}/tokens/${kid}`)).status).toBe(204);
    await peer.untilClosed();
    expect((await relay.api("DELETE", `/v1/tunnels/${id}`)).status).toBe(204);
    expect(relay.faults).toEqual([]);
  } finally {
    tunnel.terminate();
  }
}

/** Reads everything that can be read. Each answer must be data, or the message that a part of the relay is older. */
async function expectClearAnswers(relay: SkewedRelay, tunnelId: string, expect: ExpectStatic): Promise<void> {
  const { body } = await relay.api("GET", "/v1/openapi.json");
  const paths = Object.entries(body["paths"] as Record<string, Record<string, unknown>>)
    .filter(([path, methods]) => "get" in methods && !/tail/.test(path))
    .map(([path]) => path.replace("{tunnelId}", tunnelId).replace(/\{\w+\}/g, "unknown"));
  const answers = await Promise.all(
    paths.map(async (path) => {
      const { status, body: said } = await relay.api("GET", path);
      return `${path} ${status} ${said["code"] as string}`.trim();
    }),
  );
  expect(
    answers.filter(
      (answer) => !/ (200 undefined|404 NOT_FOUND|503 RELAY_UPDATING|503 TUNNEL_UNAVAILABLE)$/.test(answer),
    ),
  ).toEqual([]);
}
