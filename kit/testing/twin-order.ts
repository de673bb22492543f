import type { ServicesFile } from "../../shared/services/services-file.ts";
import type { KeyProof } from "../../worker/auth/access-key.ts";

/** No route of the relay's; the twin's own port is on loopback, and its relay is never deployed. */
export const TWIN_PATH = "/__culvert-twin";

/** What the twin has its relay do, so that a tunnel is there under the id that the gateway's props name. */
export interface TwinOrder {
  tunnelId: string;
  token: KeyProof;
  services: ServicesFile;
}
