import type { AlertInput, AlertNotice } from "../../shared/signals/alert.ts";
import { VERSION } from "../../shared/release/version.ts";

/** Time limit of a whole exchange. */
const TIMEOUT_MS = 10_000;

/** Sends a notice. Never throws. The reason is for people, and never contains what the receiver wrote. */
export type SendResult = { ok: true; status: number } | { ok: false; status: number | null; reason: string };

export async function sendNotice(alert: AlertInput, notice: AlertNotice): Promise<SendResult> {
  // Not `AbortSignal.timeout`: its timer would keep the object awake long after the answer.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(alert.url, {
      method: "POST",
      headers: {
        "user-agent": `culvert/${VERSION}`,
        ...lowerCase(alert.headers ?? {}),
        "content-type": "application/json",
      },
      body: JSON.stringify(alert.format === "slack" ? slackMessage(notice) : jsonMessage(notice)),
      // Redirects are not followed, because the credentials are only for this address.
      redirect: "manual",
      signal: deadline.signal,
    });
    await response.body?.cancel();
    const { status } = response;
    return status >= 200 && status < 300
      ? { ok: true, status }
      : { ok: false, status, reason: `answered ${status}` };
  } catch {
    const reason = deadline.signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : "not reachable";
    return { ok: false, status: null, reason };
  } finally {
    clearTimeout(timer);
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The receiver will not accept this notice later either. */
export function isFinal({ status }: { status: number | null }): boolean {
  return status !== null && status >= 400 && status < 500 && ![401, 403, 404, 408, 425, 429].includes(status);
}

/** The body for a webhook; docs/observability.md describes it. */
export function jsonMessage({ sinceMs, atMs, ...notice }: AlertNotice) {
  return {
    event: "alert",
    version: 1,
    ...notice,
    since: new Date(sinceMs).toISOString(),
    at: new Date(atMs).toISOString(),
  };
}

const MARK = { firing: ":red_circle:", resolved: ":large_green_circle:", test: ":white_circle:" } as const;

/** The body for Slack's incoming webhooks. Names come from others, so they are escaped and cannot be markup. */
export function slackMessage({ status, summary, tunnel }: AlertNotice): { text: string } {
  const escaped = (text: string) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const word = status === "resolved" ? "Resolved: " : "";
  const of = tunnel === null ? "" : ` (${escaped(tunnel.id)})`;
  return { text: `${MARK[status]} ${word}${escaped(summary)}${of}` };
}
