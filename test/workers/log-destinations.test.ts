import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { registryStub } from "../../worker/env.ts";
import { call, createTunnel, json, problem } from "./admin-client.ts";

afterEach(reset);

const PATH = "/v1/log-destinations";
const CANARY = "canary-0123456789";

const splunk = {
  ...{ kind: "splunk", name: "the splunk", url: "https://splunk.example:8088", token: CANARY },
  ...{ index: "edge", headers: { "x-extra": `${CANARY}-header` } },
};

interface Destination {
  id: string;
  secrets: string[];
  [setting: string]: unknown;
}

function create(body: object = splunk): Promise<Destination> {
  return json<Destination>(call("POST", PATH, { body }), 201);
}

describe("log destinations", () => {
  it("show everything except their secrets, to every reader and in the audit log", async () => {
    const created = await create();
    const described = {
      ...{ id: created.id, kind: "splunk", name: "the splunk", url: "https://splunk.example:8088" },
      ...{ events: "all", index: "edge", secrets: ["token", "headers.x-extra"] },
      delivery: { shipped: 0, lost: 0, rejected: 0, backlog: 0, lastSuccessAt: null, lastError: null },
    };
    expect(created).toMatchObject(described);
    expect(await json(call("GET", `${PATH}/${created.id}`))).toEqual(created);
    expect(await json(call("GET", PATH))).toEqual({ items: [created], nextCursor: null });
    await json(call("PUT", `${PATH}/${created.id}`, { body: { ...splunk, events: "failures" } }));
    expect((await call("DELETE", `${PATH}/${created.id}`)).status).toBe(204);
    const log = await (await call("GET", "/v1/audit-log")).text();
    expect(JSON.parse(log)).toMatchObject({
      items: [
        { action: "log-destination.delete", before: { events: "failures" }, after: null },
        { action: "log-destination.update", before: { events: "all" }, after: { events: "failures" } },
        { action: "log-destination.create", target: created.id, after: { url: described.url } },
      ],
    });
    expect(JSON.stringify(created) + log).not.toContain(CANARY);
  });

  it("show the path of their URL only to admins", async () => {
    const hook = "https://logs.example/hook/path-token";
    const { id, url } = await create({ kind: "webhook", name: "n", url: hook });
    expect(url).toBe(hook);
    expect(await json(call("GET", `${PATH}/${id}`))).toMatchObject({ url: hook });
    const { key } = await json<{ key: string }>(
      call("POST", "/v1/api-keys", { body: { role: "viewer" } }),
      201,
    );
    for (const path of [PATH, `${PATH}/${id}`, "/v1/audit-log"]) {
      const text = await (await call("GET", path, { key })).text();
      expect(text).toContain('"url":"https://logs.example"');
      expect(text).not.toContain("path-token");
    }
  });

  it.each([
    ["loki", { username: "12", token: "t/9" }, ["t/9", btoa("12:t/9"), "t\\/9"]],
    ["splunk", { token: 'a"b\\c/d' }, ['a"b\\c/d', 'a\\"b\\\\c/d', 'a\\"b\\\\c\\/d']],
    ["webhook", { headers: { "x-pin": "7$" } }, ["7$"]],
  ])("hide what a receiver of kind %s repeats of its credentials", async (kind, settings, repeated) => {
    const { id } = await create({ kind, name: "n", url: "https://logs.example", ...settings });
    const echo = repeated.map((text) => `<${text}>`).join(" ");
    const answer = () => Promise.resolve(new Response(echo, { status: 403 }));
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(answer);
    try {
      expect(await json(call("POST", `${PATH}/${id}/test`))).toMatchObject({
        status: 403,
        answer: repeated.map(() => "<[redacted]>").join(" "),
      });
    } finally {
      fetched.mockRestore();
    }
  });

  it("keep a secret that a change leaves out, and accept a new one", async () => {
    const { id } = await create();
    const stored = () => registryStub(env).shippingDestination(id);
    const { token: _, headers: __, ...rest } = splunk;
    await json(call("PUT", `${PATH}/${id}`, { body: { ...rest, name: "renamed" } }));
    expect(await stored()).toEqual({ ...splunk, id, events: "all", name: "renamed" });
    await json(call("PUT", `${PATH}/${id}`, { body: { ...rest, token: "new", headers: {} } }));
    expect(await stored()).toMatchObject({ token: "new", headers: {} });
  });

  it("send no kept secret to another address, nor to another kind of service", async () => {
    const { id } = await create();
    const { token: _, headers: __, ...rest } = splunk;
    const moved = { ...rest, url: "https://elsewhere.example" };
    expect(await problem(call("PUT", `${PATH}/${id}`, { body: moved }))).toMatchObject({
      code: "INVALID_REQUEST",
      problems: [{ path: "token" }, { path: "headers" }],
    });
    const other = { kind: "webhook", name: "n", url: splunk.url };
    expect((await json<Destination>(call("PUT", `${PATH}/${id}`, { body: other }))).secrets).toEqual([]);
  });

  it.each([
    ["http to another machine", { url: "http://logs.example" }, "url"],
    ["http to a name that only looks like this machine", { url: "http://127.0.0.1.example" }, "url"],
    ["credentials in the URL", { url: "https://user:secret@logs.example" }, "url"],
    ["a query", { url: "https://logs.example/?key=secret" }, "url"],
    ["another scheme", { url: "file:///etc/passwd" }, "url"],
    ["a header of the transport", { headers: { "Content-Length": "1" } }, "headers.Content-Length"],
    ["a header with a line break", { headers: { "x-a": "b\r\nc: d" } }, "headers.x-a"],
    ["a missing token", { token: undefined }, "token"],
    ["a setting of another kind", { apiKey: "key" }, "apiKey"],
  ])("refuse %s", async (_, change, path) => {
    const refused = await problem(call("POST", PATH, { body: { ...splunk, ...change } }));
    expect(refused).toMatchObject({ status: 400, problems: [{ path }] });
    expect(JSON.stringify(refused)).not.toContain("secret");
  });

  it("are limited to twenty", async () => {
    for (let index = 0; index < 20; index++)
      await create({ kind: "webhook", name: "n", url: "https://a.example" });
    expect(await problem(call("POST", PATH, { body: splunk }))).toMatchObject({ code: "LIMIT_REACHED" });
  });

  it("raise the revision that every tunnel has, which is 0 while there are none", async () => {
    const { id } = await createTunnel();
    const revision = async () => (await registryStub(env).tunnelConfig(id))?.destinationsRevision;
    expect(await revision()).toBe(0);
    const first = await create();
    expect(await revision()).toBe(1);
    await json(call("PUT", `${PATH}/${first.id}`, { body: splunk }));
    expect(await revision()).toBe(2);
    await call("DELETE", `${PATH}/${first.id}`);
    expect(await revision()).toBe(0);
    await create();
    expect(await revision()).toBe(4);
  });
});
