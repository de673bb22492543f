/** The relay as the twin runs it: the Worker itself, and a way to make a tunnel under an id that was chosen before. */
import { type Env, registryStub } from "../../worker/env.ts";
import relay from "../../worker/index.ts";
import { TWIN_PATH, type TwinOrder } from "./twin-order.ts";

export { Registry, Telemetry, Tunnel, TunnelBinding } from "../../worker/index.ts";

export default {
  async fetch(request, env, context): Promise<Response> {
    if (new URL(request.url).pathname !== TWIN_PATH) return relay.fetch(request, env, context);
    const { tunnelId, token, services } = await request.json<TwinOrder>();
    const registry = registryStub(env);
    const by = { actor: "twin", address: "", atMs: Date.now() };
    if ((await registry.tunnel(tunnelId)) === null) {
      await registry.createTunnel(by, { id: tunnelId, name: "twin" }, token);
    }
    return Response.json(await registry.putServicesFile(by, tunnelId, services, null));
  },
} satisfies ExportedHandler<Env>;
