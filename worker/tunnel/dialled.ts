import type { TunnelError } from "../../shared/protocol/index.ts";
import type { Dialled } from "../calls/tunnel-calls.ts";
import type { OpenedTcp } from "../exchange/tcp/relay-tcp.ts";
import { failureFacts } from "../failures/tcp-failure.ts";
import { streamsOf } from "../exchange/tcp/tcp-streams.ts";

/** The object's answer to the Worker. A failure was already logged. */
export function dialledOf(opened: OpenedTcp): Dialled {
  return opened.ok
    ? { ok: true, streams: streamsOf(opened.exchange, opened.requestId) }
    : { ...opened, isOwn: false };
}

/** The answer of an object that has no tunnel, or does not know whether it has one. The Worker logs it. */
export function unopened(error: TunnelError): Dialled {
  return { ok: false, failure: failureFacts(error, crypto.randomUUID()), isOwn: true };
}
