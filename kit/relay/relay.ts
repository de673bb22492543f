/**
 * The relay as the twin runs it: the Worker itself, with three additions. It can create a tunnel under a given id, say how
 * many connections a tunnel has, and reset its object.
 */
import { type Env, registryStub, tunnelStub } from "../../worker/env.ts";
import relay, { Tunnel as RelayTunnel } from "../../worker/index.ts";
import { ORDER_KEY_FIELD, TWIN_PATH, type TwinOrder } from "./twin-order.ts";

export { Registry, Telemetry, TunnelBinding } from "../../worker/index.ts";

export class Tunnel extends RelayTunnel {
  /** Does what the platform does in a deploy: ends everything under way, and all connections. */
  resetObject(): void {
    this.ctx.abort("restarted by the twin");
  }
}

export default {
  async fetch(request, env, context): Promise<Response> {
    if (new URL(request.url).pathname !== TWIN_PATH) return relay.fetch(request, env, context);
    const key = (env as { ORDER_KEY?: string }).ORDER_KEY;
    if (key === undefined || request.headers.get(ORDER_KEY_FIELD) !== key)
      return new Response(null, { status: 403 });
    const { searchParams } = new URL(request.url);
    const asked = searchParams.get("connections");
    if (asked !== null) {
      const { connections } = await tunnelStub(env, asked).status();
      return Response.json(connections.length);
    }
    const restarted = searchParams.get("restart");
    if (restarted !== null) {
      const stub = tunnelStub(env, restarted) as unknown as Pick<DurableObjectStub<Tunnel>, "resetObject">;
      // The reset also ends this call, so its error is expected.
      return await stub.resetObject().then(
        () => new Response(null, { status: 500 }),
        () => new Response(),
      );
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
