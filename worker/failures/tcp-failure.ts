import type { PublicCode, TunnelError } from "../../shared/protocol/index.ts";
import { publicCodeOf, publicReasonOf, statusOf } from "./problem.ts";

/** Why there is no connection, or not any more: what an answer to `fetch` says in its fields. */
export interface TcpFailure {
  code: PublicCode;
  /** That an answer of this code would have. */
  status: number;
  /** What gateways may know. */
  detail: string;
  requestId: string;
}

export function failureFacts(error: TunnelError, requestId: string): TcpFailure {
  const code = publicCodeOf(error);
  return { code, status: statusOf(code), detail: publicReasonOf(error), requestId };
}
