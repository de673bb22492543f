import type { AlertInput, AlertNotice } from "../../shared/signals/alert.ts";
import { VERSION } from "../../shared/release/version.ts";

/** For the whole of an exchange. */
const TIMEOUT_MS = 10_000;

/** What came of it. Never throws; a reason is for people, and never holds what the receiver wrote. */
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
      // The credentials are for this address alone.
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

/** It will not take this notice later either. */
export function isFinal({ status }: { status: number | null }): boolean {
  return status !== null && status >= 400 && status < 500 && ![401, 403, 404, 408, 425, 429].includes(status);
}

/** What a webhook is sent; docs/observability.md describes it. */
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

/** As Slack's incoming webhooks take it; names are anybody's, and no markup. */
export function slackMessage({ status, summary, tunnel }: AlertNotice): { text: string } {
  const escaped = (text: string) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const word = status === "resolved" ? "Resolved: " : "";
  const of = tunnel === null ? "" : ` (${escaped(tunnel.id)})`;
  return { text: `${MARK[status]} ${word}${escaped(summary)}${of}` };
}
