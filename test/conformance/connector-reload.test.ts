import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { ConnectProcess } from "../support/connect-process.ts";
import { Call, RelayDouble } from "../support/peers/relay-double.ts";

const closing: (() => unknown)[] = [];
let relay: RelayDouble;
let file: string;
let origin: string;
let server: Server;

beforeEach(async () => {
  relay = new RelayDouble();
  await relay.start();
  closing.push(() => relay.close());
  const directory = mkdtempSync(join(tmpdir(), "culvert-"));
  closing.push(() => rmSync(directory, { recursive: true }));
  file = join(directory, "culvert.yaml");
  server = createServer((request, response) => {
    request.resume().on("end", () => setTimeout(() => response.end("ok"), request.url === "/slow" ? 300 : 5));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 10 });

async function connect(settings: object): Promise<ConnectProcess> {
  write(settings);
  const run = new ConnectProcess({ TUNNEL_TOKEN: relay.token, TUNNEL_ALLOW: "" }, "--config", file);
  closing.push(() => run.kill());
  await until(() => relay.attachments.length > 0);
  return run;
}

/** Replaces the file atomically, as editors and orchestrators do. */
function write(settings: object | string): void {
  writeFileSync(`${file}.new`, typeof settings === "string" ? settings : stringify(settings));
  renameSync(`${file}.new`, file);
}

async function finished(open: ConstructorParameters<typeof Call>[2] = {}): Promise<Call> {
  const call = new Call(relay.current.mux, origin, open);
  await until(() => call.closed);
  return call;
}

describe("changed settings", () => {
  it.each([
    ["a settings file that is suddenly empty", "", "the settings file is empty"],
    ["an allow that holds nothing any more", { allow: [] }, "it would allow nothing"],
  ])("leave %s unchanged until a restart", async (_what, settings, reason) => {
    const run = await connect({ allow: ["127.0.0.1"] });
    write(settings);
    await until(() => run.output.includes(reason));
    expect((await finished()).text).toBe("ok");
    write({ allow: ["127.0.0.1", "10.0.0.1"] });
    await until(() => run.countOf("settings reloaded") > 0);
    expect((await finished()).text).toBe("ok");
  });

  it("take effect on SIGHUP under load without a failed request", async () => {
    const run = await connect({ allow: ["127.0.0.1"] });
    const calls: Call[] = [];
    let running = true;
    const lane = async () => {
      for (let i = 0; running; i++) calls.push(await finished({ path: i % 20 === 0 ? "/slow" : "/" }));
    };
    const lanes = Array.from({ length: 16 }, lane);
    for (let round = 1; round <= 8; round++) {
      write({
        allow: ["127.0.0.1", `10.0.0.${round}`],
        upstreams: { "127.0.0.1": { maxConnections: 8 + round, idleTimeout: "1s" } },
        services: { "test-api": { methods: ["GET"], maxBodyBytes: round } },
      });
      run.child.kill("SIGHUP");
      await until(() => run.countOf("settings reloaded") >= round);
      const enough = calls.length + 2 * lanes.length;
      await until(() => calls.length >= enough);
    }
    running = false;
    await Promise.all(lanes);
    expect(calls.filter(({ error, text }) => error !== null || text !== "ok")).toEqual([]);
    expect(relay.handshakes).toBe(1);
  });

  it("take effect when the file changes: allowlist, limits, log level", async () => {
    const run = await connect({ allow: [] });
    await until(() => run.output.includes("the connector refuses every request"));
    expect((await finished()).error).toMatchObject({ code: "UPSTREAM_NOT_ALLOWED" });
    const limits = { methods: ["GET", "POST"], paths: ["/v1"], maxBodyBytes: 4 };
    write({ allow: "127.0.0.1", services: { "test-api": limits }, loglevel: "warn" });
    await until(() => run.output.includes("settings reloaded"));
    expect((await finished({ path: "/v1/x" })).text).toBe("ok");
    expect((await finished({ path: "/v1/x" })).text).toBe("ok");
    for (const [open, code] of [
      [{ path: "/v2" }, "UPSTREAM_NOT_ALLOWED"],
      [{ path: "/v1", method: "PUT" }, "UPSTREAM_NOT_ALLOWED"],
      [{ path: "/v1", method: "POST", fields: [["content-length", "5"]] }, "BODY_TOO_LARGE"],
    ] as const) {
      expect((await finished(open)).error).toMatchObject({ code });
    }
    const streamed = new Call(relay.current.mux, origin, { path: "/v1", method: "POST" }, { end: false });
    streamed.stream.write(Buffer.from("123"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    streamed.stream.write(Buffer.from("45"));
    await until(() => streamed.closed);
    expect(streamed.error).toMatchObject({ code: "BODY_TOO_LARGE" });
    await until(() => run.output.includes("add it to services.test-api.paths"));
    expect(run.countOf('"status":200')).toBe(0);
  });

  it("may be another certificate in the same file, or an upstream whose own is no longer checked", async () => {
    const [old, now] = [new CertificateAuthority("Old CA"), new CertificateAuthority("New CA")];
    const caFile = `${file}.ca`;
    const secure = createHttpsServer(now.issue("localhost"), (_request, response) => response.end("secure"));
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    closing.push(() => {
      secure.closeAllConnections();
      secure.close();
    });
    origin = `https://localhost:${(secure.address() as AddressInfo).port}`;
    writeFileSync(caFile, old.cert);
    const run = await connect({ allow: "localhost", upstreams: { localhost: { caFile } } });
    expect((await finished()).error).toMatchObject({ code: "UPSTREAM_TLS" });
    writeFileSync(caFile, now.cert);
    await until(() => run.countOf("settings reloaded") === 1);
    expect((await finished()).text).toBe("secure");
    expect(run.output).not.toContain("this upstream's TLS certificate is not checked");

    writeFileSync(caFile, old.cert);
    write({ allow: "localhost", upstreams: { localhost: { insecure: true } } });
    await until(() => run.output.includes("this upstream's TLS certificate is not checked"));
    expect((await finished()).text).toBe("secure");
  });

  it("that are wrong leave the old ones in force, and say why", async () => {
    const run = await connect({ allow: "127.0.0.1" });
    for (const [wrong, problem] of [
      ["allow: [", "is not YAML"],
      ["allow: 'bad host'\nextra: 1", "unknown key"],
    ] as const) {
      write(wrong);
      run.child.kill("SIGHUP");
      await until(() => run.output.includes(problem));
      expect((await finished()).text).toBe("ok");
    }
    expect(run.output).toContain("the old ones stay active");
    write({ allow: "127.0.0.1", connections: 2, connectorName: "other" });
    run.child.kill("SIGHUP");
    await until(() => run.output.includes("restart the connector to change this setting"));
    expect(run.output).toContain('"setting":"connections, connectorName"');
    expect(run.exitCode).toBe(null);
  });
});
