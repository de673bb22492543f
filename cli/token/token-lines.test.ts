import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTAINER_IMAGE } from "../../shared/release/container-image.ts";
import { tokenLines } from "./token-lines.ts";

const run = promisify(execFile);
const TOKEN = "culvert_token-of-the-lines_01234567";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-lines-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("the lines for a new token", () => {
  const options = { token: TOKEN, name: "payments, eu's", relay: "https://relay.example", envFile: null };

  it("work as they are printed, in a shell", async () => {
    const lines = tokenLines(options).split("\n");
    const keep = lines.find((line) => line.includes("umask")) ?? "";
    const child = run("sh", ["-c", keep], { cwd: directory });
    child.child.stdin?.end(`${lines.filter((line) => line.startsWith("TUNNEL_")).join("\n")}\n`);
    await child;
    const path = join(directory, "payments-eu-s.env");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toBe(`TUNNEL_TOKEN=${TOKEN}\nTUNNEL_ALLOW=HOST:PORT\n`);

    const connect = lines.find((line) => line.includes("culvert connect")) ?? "";
    const { stdout } = await run(
      "sh",
      ["-c", connect.replace("exec culvert connect", 'echo "$TUNNEL_TOKEN $TUNNEL_ALLOW"')],
      { cwd: directory },
    );
    expect(stdout).toBe(`${TOKEN} HOST:PORT\n`);
  });

  it("keep the token out of commands, try the settings, and stop later than the grace period", () => {
    const commands = tokenLines(options)
      .split("\n")
      .filter((line) => line.startsWith("  "));
    expect(commands.filter((line) => line.includes(TOKEN) && !line.startsWith("   "))).toEqual([]);
    expect(commands.at(-2)).toBe(
      `  docker run --rm --env-file payments-eu-s.env ${CONTAINER_IMAGE} connect --check &&`,
    );
    expect(commands.at(-1)).toContain("--restart unless-stopped --stop-timeout 45 ");
  });

  it("say that no container reaches a relay on loopback", () => {
    const text = tokenLines({ ...options, relay: "http://127.0.0.1:8787" });
    expect(text).not.toContain("docker");
    expect(text).toContain("No container can reach http://127.0.0.1:8787");
  });

  it("let neither a shell nor a terminal obey what the relay says", async () => {
    const text = tokenLines({ ...options, token: "a';touch x;'\u001b[2J\u009bm\n", name: "'$(touch y)`" });
    expect(text).not.toMatch(/[^\n\P{Cc}]/u);
    expect(text).toContain("> touch-y.env)");
    const written = tokenLines({ ...options, envFile: "it's $(here).env" });
    expect(written).toContain(". './it'\\''s $(here).env' ");
    expect(written).not.toContain(TOKEN);
  });
});
