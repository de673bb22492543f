import { reset } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { formatAccessKey } from "../../worker/auth/access-key.ts";
import { newKid, newSecret } from "../../worker/auth/random-id.ts";
import { Registry } from "../../worker/index.ts";
import { call, createTunnel } from "./admin-client.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});
async function send(tunnelId: string, key: string, headers = {}): Promise<number> {
  const fields = { ...headers, "culvert-gateway-key": key };
  const response = await call("GET", `/~/${tunnelId}/payments-api/x`, { key: null, headers: fields });
  await response.body?.cancel();
  return response.status;
}
it.each([600])("slow look-ups, %d ms", async (ms) => {
  const { id } = await createTunnel();
  const real = Registry.prototype.lookUp;
  vi.spyOn(Registry.prototype, "lookUp").mockImplementation(async function (this: Registry, s: never) {
    await new Promise((r) => setTimeout(r, ms));
    return real.call(this, s);
  } as never);
  for (let round = 0; round < 2; round++) {
    const started = Date.now();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        send(id, formatAccessKey("gateway", newKid(), newSecret()), {
          "cf-connecting-ip": `2001:db8:0:${ms}:${i}::1`,
        }),
      ),
    );
    console.log(
      ms,
      round,
      Date.now() - started,
      JSON.stringify(all.reduce((m: Record<string, number>, s) => ({ ...m, [s]: (m[s] ?? 0) + 1 }), {})),
    );
  }
  expect(1).toBe(1);
});
