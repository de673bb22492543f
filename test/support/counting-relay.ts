import { Tunnel as RealTunnel } from "../../worker/index.ts";

export { default, Registry, Telemetry, TunnelBinding } from "../../worker/index.ts";

/** The relay as it is, but for a line in the log whenever a tunnel's object begins anew. */
export class Tunnel extends RealTunnel {
  constructor(...parameters: ConstructorParameters<typeof RealTunnel>) {
    super(...parameters);
    console.log(`constructed object ${parameters[0].id.name}`);
  }
}
