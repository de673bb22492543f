import type { ServicesFile } from "../../shared/services/index.ts";
import type { KeyProof } from "../../worker/auth/access-key.ts";

/** No route of the relay's: it is the local one's alone, which is never deployed. */
export const TWIN_PATH = "/__culvert-twin";

/** Carries what only the process that started the relay knows: a page in a browser can reach loopback, too. */
export const ORDER_KEY_FIELD = "culvert-order-key";

/** What the twin has its relay do, so that a tunnel is there under the id that the gateway's props name. */
export interface TwinOrder {
  tunnelId: string;
  token: KeyProof;
  services: ServicesFile;
}
