import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import { dialTunnel } from "../../worker/objects/dial-tunnel.ts";
import type { Env } from "../../worker/env.ts";
import { relayToTunnel } from "../../worker/objects/relay-to-tunnel.ts";
import type { GatewayClaim } from "../../worker/tunnel/configuration/claim.ts";
import { call, json } from "./admin-client.ts";
import { attached, readyTunnel } from "./hand-connector.ts";

afterEach(() => reset());

const claim: GatewayClaim = { kind: "request", project: "p", environment: "e", keepForwarded: false };

/** Objects that keep the claims that they get. */
function listening(): { env: Env; claims: unknown[] } {
  const claims: unknown[] = [];
  const stub = {
    fetch: async (_: Request, { cf }: { cf: { culvert: unknown } }) => {
      claims.push(cf.culvert);
      return new Response();
    },
    dial: async (asked: unknown) => {
      claims.push(asked);
      return { ok: false, failure: { code: "NO_CONNECTOR" }, isOwn: false };
    },
  };
  const namespace = { idFromName: (name: string) => name, get: () => stub };
  const fake = { TUNNEL: namespace, VERSION_METADATA: { id: "version-2" } } as unknown as Env;
  return { env: fake, claims };
}

it("every claim names the Worker's build", async () => {
  const heard = listening();
  const id = "tnl_abcdefghij234567abcd";
  await relayToTunnel(heard.env, id, claim, new Request("http://api/"));
  await relayToTunnel(
    heard.env,
    id,
    { kind: "gateway-key", kid: "k_abcdefghij23", digestHex: "00" },
    new Request("http://api/"),
  );
  await dialTunnel(heard.env, id, claim, "db.internal:5432");
  expect(heard.claims).toHaveLength(3);
  for (const heardClaim of heard.claims) expect(heardClaim).toMatchObject({ build: "version-2" });
});

it("the API shows what each connector reports about itself and its machine, and its address", async () => {
  const tunnel = await readyTunnel();
  await attached(tunnel, {
    ...{ connectorId: "con_new", build: "0123456789ab", connectorName: "rack-7" },
    ...{ host: "rack-7.internal", platform: "linux-x64" },
  });
  await attached(tunnel, { connectorId: "con_old" });
  const described = await json<{
    connectors: object[];
    objects: { build: string | null }[];
  }>(call("GET", `/v1/tunnels/${tunnel.id}`));
  expect(described.connectors).toMatchObject([
    {
      ...{ id: "con_new", name: "rack-7", build: "0123456789ab" },
      ...{ host: "rack-7.internal", platform: "linux-x64" },
    },
    { id: "con_old", name: null, build: null, host: null, platform: null },
  ]);
  expect(described.objects).toMatchObject([{ build: env.VERSION_METADATA?.id ?? "source" }]);
});
