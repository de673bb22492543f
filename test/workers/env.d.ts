import type { Env as RelayEnv } from "../../worker/env.ts";
import type * as relay from "../../worker/index.ts";

declare global {
  namespace Cloudflare {
    interface Env extends RelayEnv {}
    interface GlobalProps {
      mainModule: typeof relay;
      durableNamespaces: "Tunnel" | "Registry" | "Telemetry";
    }
  }
}
