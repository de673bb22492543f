import type { TunnelError } from "../../shared/protocol/index.ts";
import type { Dialled } from "../calls/tunnel-calls.ts";
import type { OpenedTcp } from "../exchange/tcp/relay-tcp.ts";
import { failureFacts } from "../failures/tcp-failure.ts";
import { streamsOf } from "../exchange/tcp/tcp-streams.ts";

/** As the object answers the Worker; a failure has been logged. */
export function dialledOf(opened: OpenedTcp): Dialled {
  return opened.ok
    ? { ok: true, streams: streamsOf(opened.exchange, opened.requestId) }
    : { ...opened, isOwn: false };
}

/** Of an object that stands for no tunnel, or doesn't know: the Worker logs it. */
export function unopened(error: TunnelError): Dialled {
  return { ok: false, failure: failureFacts(error, crypto.randomUUID()), isOwn: true };
}
