/**
 * The relay as the twin runs it: the Worker itself, and a way to make a tunnel
 * under an id that was chosen before, and to ask how many connections it has.
 */
import { type Env, registryStub, tunnelStub } from "../../worker/env.ts";
import relay from "../../worker/index.ts";
import { ORDER_KEY_FIELD, TWIN_PATH, type TwinOrder } from "./twin-order.ts";

export { Registry, Telemetry, Tunnel, TunnelBinding } from "../../worker/index.ts";

export default {
  async fetch(request, env, context): Promise<Response> {
    if (new URL(request.url).pathname !== TWIN_PATH) return relay.fetch(request, env, context);
    const key = (env as { ORDER_KEY?: string }).ORDER_KEY;
    if (key === undefined || request.headers.get(ORDER_KEY_FIELD) !== key)
      return new Response(null, { status: 403 });
    const asked = new URL(request.url).searchParams.get("connections");
    if (asked !== null) {
      const { connections } = await tunnelStub(env, asked).status();
      return Response.json(connections.length);
    }
    const { tunnelId, token, services } = await request.json<TwinOrder>();
    const registry = registryStub(env);
    const by = { actor: "twin", address: "", atMs: Date.now() };
    if ((await registry.tunnel(tunnelId)) === null) {
      await registry.createTunnel(by, { id: tunnelId, name: "twin" }, token);
    }
    return Response.json(await registry.putServicesFile(by, tunnelId, services, null));
  },
} satisfies ExportedHandler<Env>;
