import { Tunnel as RealTunnel } from "../../worker/index.ts";

export { default, Registry, Telemetry, TunnelBinding } from "../../worker/index.ts";

/** The relay, with one addition: it logs a line whenever a tunnel's object starts anew. */
export class Tunnel extends RealTunnel {
  constructor(...parameters: ConstructorParameters<typeof RealTunnel>) {
    super(...parameters);
    console.log(`constructed object ${parameters[0].id.name}`);
  }
}
