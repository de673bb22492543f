/** The relay's own Worker and Registry in front of a tunnel's object that answers at once: `/bytes/N` returns N bytes. */
import { DurableObject } from "cloudflare:workers";
import type { TunnelConfig } from "../../worker/tunnel/configuration/tunnel-config.ts";

export { default, Registry, Telemetry, TunnelBinding } from "../../worker/index.ts";

const ANSWER = "x".repeat(64 * 1024);

export class Tunnel extends DurableObject {
  override fetch(request: Request): Response {
    return new Response(ANSWER.slice(0, Number(request.url.split("/").at(-1))));
  }

  applyConfig({ version }: TunnelConfig): { version: number } {
    return { version };
  }

  alive(): void {}
}
