import type { Gap } from "./compare.ts";

/**
 * What may differ between a direct answer and the answer through the tunnel, and why. An absent member matches everything.
 */
interface Difference {
  reason: string;
  endpoint?: RegExp;
  case?: RegExp;
  aspect: RegExp;
  direct?: RegExp;
  tunnel?: RegExp;
}

const DIFFERENCES: readonly Difference[] = [
  {
    reason: "a body that is complete when its head arrives gets the length that it has",
    aspect: /^field content-length$/,
    direct: /^absent$/,
  },
  {
    reason: "Expect is for the next hop alone, and the gateway's runtime has met it",
    aspect: /^sent field expect$/,
    tunnel: /^absent$/,
  },
  {
    reason: "an upload that is here as a whole before anything is sent has the length that it has",
    case: /chunked upload$/,
    aspect: /^sent field content-length$/,
    direct: /^absent$/,
  },
  {
    reason:
      "an empty upload whose end is here before anything is sent has no body, and nginx then tells no length",
    endpoint: /^nginx-h2/,
    case: /^an empty chunked upload$/,
    aspect: /^sent field content-length$/,
    direct: /^"0"$/,
    tunnel: /^absent$/,
  },
  {
    reason:
      "fields of one name are one list (RFC 9110 §5.3); it joins them without a blank, or knows the last alone",
    endpoint: /^(gunicorn|php-fpm)$/,
    case: /^a request field twice$/,
    aspect: /^sent field x-list$/,
  },
  {
    reason: "it says the length if the whole body is there when it answers, which is a matter of moments",
    endpoint: /^varnish/,
    aspect: /^field content-length$/,
    tunnel: /^absent$/,
  },
  {
    reason: "it gives each request another number",
    endpoint: /^varnish/,
    aspect: /^field x-varnish$/,
  },
];

/** Null if no list allows this difference. */
export function reasonFor(endpoint: string, caseName: string, gap: Gap): string | null {
  const found = DIFFERENCES.find(
    (difference) =>
      difference.aspect.test(gap.aspect) &&
      (difference.endpoint?.test(endpoint) ?? true) &&
      (difference.case?.test(caseName) ?? true) &&
      (difference.direct?.test(gap.direct) ?? true) &&
      (difference.tunnel?.test(gap.tunnel) ?? true),
  );
  return found?.reason ?? null;
}
