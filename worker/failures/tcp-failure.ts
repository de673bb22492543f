import type { PublicCode, TunnelError } from "../../shared/protocol/index.ts";
import { publicCodeOf, publicReasonOf, statusOf } from "./problem.ts";

/** Why there is no connection (any more). The same facts as in the fields of an answer to `fetch`. */
export interface TcpFailure {
  code: PublicCode;
  /** The status that an answer with this code would have. */
  status: number;
  /** What gateways may know. */
  detail: string;
  requestId: string;
}

export function failureFacts(error: TunnelError, requestId: string): TcpFailure {
  const code = publicCodeOf(error);
  return { code, status: statusOf(code), detail: publicReasonOf(error), requestId };
}
