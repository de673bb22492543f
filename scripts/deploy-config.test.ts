import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";

afterEach(() => vi.restoreAllMocks());

/** wrangler only warns about an unknown key, and deploys without it. */
it.each(["wrangler.toml", "kit/relay/wrangler.jsonc"])(
  "%s says how a new version reaches objects, with keys that wrangler knows",
  (file) => {
    const said: string[] = [];
    for (const name of ["warn", "error", "log", "info"] as const)
      vi.spyOn(console, name).mockImplementation(
        (...words: unknown[]) => void said.push(words.map(String).join(" ")),
      );
    const config = readConfig({ config: join(import.meta.dirname, "..", file) });
    expect(said.filter((text) => /unexpected|field/i.test(text))).toEqual([]);
    expect(config.durable_objects).toMatchObject({
      code_update_strategy: { mode: "deferred", max_delay: 3_600 },
    });
  },
);

it("the package's relay folder has the configuration that a build copies there", () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");
  expect(text("relay/wrangler.jsonc")).toBe(text("kit/relay/wrangler.jsonc"));
});
