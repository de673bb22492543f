import type { Clock } from "../../shared/time/clock.ts";
import {
  type ErrorCode,
  CHECK_OUTCOMES,
  type CheckOutcome,
  TunnelError,
} from "../../shared/protocol/index.ts";
import type { ServiceCheck } from "../../shared/services/index.ts";
import type { CheckResult, RunCheck } from "./service-checks.ts";
import { CHECKS, wireText, type Upstream } from "../upstream/index.ts";

const USER_AGENT = "culvert-check";
const PASSING: CheckResult = { outcome: "PASSING", reason: null };

/** Checks use the same allowlist, limits and settings as requests, as they are when the check begins. */
export function checkRunner(upstream: () => Upstream, clock: Clock): RunCheck {
  return (check, done) => {
    let cancelled = false;
    let cancel: () => void = () => {};
    const settle = (result: CheckResult) => {
      if (!cancelled) done(result);
      cancelled = true;
    };
    try {
      const { path } = check;
      cancel =
        path === null ? connectOnly(check, upstream(), settle) : ask(check, path, upstream(), clock, settle);
    } catch (error) {
      // Deferred, because the caller does not have the function to cancel it yet.
      queueMicrotask(() => settle(failed(TunnelError.from(error))));
    }
    return () => {
      cancelled = true;
      cancel();
    };
  };
}

function connectOnly(
  { target, timeoutSeconds, startTls }: ServiceCheck,
  upstream: Upstream,
  done: (result: CheckResult) => void,
): () => void {
  const probed = (error: TunnelError | null): void => done(error === null ? PASSING : failed(error));
  return upstream.probe(target, timeoutSeconds * 1_000, probed, startTls);
}

function ask(
  { service, target, timeoutSeconds }: ServiceCheck,
  path: string,
  upstream: Upstream,
  clock: Clock,
  done: (result: CheckResult) => void,
): () => void {
  let cancelPatience: () => void = () => {};
  const timeoutMs = timeoutSeconds * 1_000;
  const exchange = upstream.request(
    {
      caller: CHECKS,
      service,
      target,
      method: "GET",
      path: wireText(path),
      rawHeaders: ["user-agent", USER_AGENT, "accept", "*/*"],
      body: null,
      connectTimeoutMs: timeoutMs,
      responseTimeoutMs: timeoutMs,
    },
    {
      onResponse: (status) => {
        // If the body is read to its end, the connection can be used again. The limit is for endless bodies.
        cancelPatience = clock.after(timeoutMs, () => exchange.abort());
        done(status < 400 ? PASSING : { outcome: "UNHEALTHY_STATUS", reason: `${path} answered ${status}` });
      },
      onData() {},
      onEnd() {},
      onError: (error) => done(failed(error)),
      onTornDown: () => cancelPatience(),
    },
  );
  return () => exchange.abort();
}

function failed({ code, message }: TunnelError): CheckResult {
  return { outcome: isOutcome(code) ? code : "INTERNAL", reason: message };
}

function isOutcome(code: ErrorCode | CheckOutcome): code is CheckOutcome {
  return CHECK_OUTCOMES.some((outcome) => outcome === code);
}
