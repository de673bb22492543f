import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatToken } from "../../shared/tokens/token.ts";
import { CertificateAuthority } from "../../test/support/certificates.ts";
import { connectCommand } from "../commands/connect.ts";
import { loadConfig } from "./connector-settings.ts";
import { SETTING_NAMES, SETTINGS } from "./setting-table.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../..", path), "utf8");

describe("docs/connector.md", () => {
  const lines = read("docs/connector.md")
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " "));

  it.each(SETTING_NAMES)("has both rows of %s, and says when a change takes effect", (name) => {
    const { flag, env, standard, changes, about } = SETTINGS[name];
    const flagText = flag === null ? "–" : `\`${flag}\``;
    expect(lines).toContain(`| \`${name}\` | ${about} | ${standard} |`);
    expect(lines).toContain(`| \`${name}\` | \`${env}\` | ${flagText} |`);
    expect(lines.find((line) => line.startsWith(`- ${changes}: `))).toContain(`\`${name}\``);
  });
});

describe("examples/culvert.yaml", () => {
  it("is valid", () => {
    const authority = new CertificateAuthority("corp");
    const { cert, key } = authority.issue("connector");
    const files: Record<string, string> = {
      "culvert.yaml": read("examples/culvert.yaml"),
      "/run/secrets/tunnel-token": formatToken({
        relayUrl: "https://relay.example",
        tunnelId: `tnl_${"a".repeat(20)}`,
        kid: `k_${"b".repeat(12)}`,
        secret: new Uint8Array(32),
      }),
      "/etc/culvert/corp-ca.pem": authority.cert,
      "/etc/culvert/connector.pem": cert,
      "/etc/culvert/connector.key": key,
    };
    const loaded = loadConfig({ config: "culvert.yaml" }, {}, (path) => files[path] ?? "");
    expect(loaded.ok ? [] : loaded.problems).toEqual([]);
    expect(loaded.files.toSorted()).toEqual(Object.keys(files).toSorted());
  });
});

describe("what is loaded", () => {
  const connector = join(import.meta.dirname, "..");
  const sources = globSync("**/*.ts", { cwd: connector })
    .filter((path) => !path.startsWith("settings/") && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(connector, path), "utf8"));
  const token = formatToken({
    relayUrl: "https://relay.example",
    tunnelId: `tnl_${"a".repeat(20)}`,
    kid: `k_${"b".repeat(12)}`,
    secret: new Uint8Array(32),
  });
  const loaded = loadConfig({}, { TUNNEL_TOKEN: token }, () => "");

  it.each(loaded.ok ? Object.keys(loaded.config) : [])("is used outside of settings/: %s", (key) => {
    expect(sources.some((text) => new RegExp(`\\b${key}\\b`).test(text))).toBe(true);
  });
});

describe("culvert connect --help", () => {
  it("has a flag for every setting except the secret one", () => {
    const flags = connectCommand().options.map(({ long }) => long);
    const expected = SETTING_NAMES.flatMap((name) => SETTINGS[name].flag ?? []);
    expect(new Set(flags)).toEqual(new Set(["--config", "--check", ...expected]));
  });
});
