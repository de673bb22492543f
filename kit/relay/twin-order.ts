import type { ServicesFile } from "../../shared/services/index.ts";
import type { KeyProof } from "../../worker/auth/access-key.ts";

/** Not a route of the relay: only the local variant has it, which is never deployed. */
export const TWIN_PATH = "/__culvert-twin";

/** A secret that only the process that started the relay knows, because a web page in a browser can reach loopback, too. */
export const ORDER_KEY_FIELD = "culvert-order-key";

/** Asks the relay to create a tunnel under the id that the gateway's props name. */
export interface TwinOrder {
  tunnelId: string;
  token: KeyProof;
  services: ServicesFile;
}
