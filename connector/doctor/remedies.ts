import type { CheckOutcome } from "../../shared/protocol/index.ts";

/** What to do about a check that failed, by its outcome and by the reason that it gave. */
export function remedyFor(outcome: CheckOutcome, reason: string, target: string): string {
  switch (outcome) {
    case "UPSTREAM_NOT_ALLOWED":
      if (reason.includes("always blocked"))
        return "no setting opens link-local and metadata addresses: name the upstream by another address";
      return `if this connector is meant to serve it, add ${new URL(target).host} to TUNNEL_ALLOW, or GET and the path to the service's limits in TUNNEL_SERVICES`;
    case "UPSTREAM_REFUSED":
      return "start the API, or correct the port in the services file; see that a firewall lets this host in";
    case "UPSTREAM_DNS":
      return "check the name in the services file, the hosts file and the DNS servers of /etc/resolv.conf on this host";
    case "UPSTREAM_TLS":
      return tlsRemedy(reason, target);
    case "UPSTREAM_PROTOCOL":
      return "check that it speaks HTTP at this port, with or without TLS as the services file says";
    case "UPSTREAM_CONNECT_TIMEOUT":
      return "a firewall that drops silently looks like this: let this host reach it";
    case "UPSTREAM_RESPONSE_TIMEOUT":
      return "see why the API is slow, or raise timeoutSeconds of its healthCheck";
    case "UNHEALTHY_STATUS":
      return "see why the API reports that it is unhealthy, or correct the path of its healthCheck";
    case "PENDING":
    case "PASSING":
    case "INTERNAL":
      return reason.includes("cannot open a connection")
        ? "raise the limit of open files of this process (ulimit -n, LimitNOFILE)"
        : "correct the endpoint in the services file";
  }
}

/** By OpenSSL's and Node's names of what was wrong. */
const TLS_REMEDIES: readonly (readonly [code: RegExp, remedy: string])[] = [
  [/CERT_HAS_EXPIRED/, "its certificate has expired: renew it; check this host's clock as well"],
  [/CERT_NOT_YET_VALID/, "its certificate is not valid yet: check this host's clock"],
  [
    /ALTNAME_INVALID/,
    "its certificate is for other names: use one of those, or set serverName of the upstream",
  ],
  [/CERT_REVOKED/, "its certificate is revoked: replace it"],
  [
    /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE/,
    "it may require a client certificate (certFile and keyFile of the upstream), or a different TLS version",
  ],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/, "it speaks only TLS versions that are no longer safe: update it"],
];

/** Errors that mean that a server does not speak TLS. */
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/;

function tlsRemedy(reason: string, target: string): string {
  if (NO_TLS.test(reason))
    return `it does not speak TLS on this port: write ${target.replace(/^https:/, "http:")}`;
  return (
    TLS_REMEDIES.find(([code]) => code.test(reason))?.[1] ??
    "trust its CA (caFile of the upstream, or NODE_EXTRA_CA_CERTS)"
  );
}

/** Whether there is TLS. A handshake that failed because of the certificate has found TLS. */
export function speaksTls(outcome: CheckOutcome, reason: string | null): boolean {
  if (outcome === "PASSING") return true;
  return outcome === "UPSTREAM_TLS" && /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(reason ?? "");
}
