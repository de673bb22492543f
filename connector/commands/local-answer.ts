import { get } from "node:http";
import type { ListenAddress } from "../platform/index.ts";

const TIMEOUT_MS = 3_000;

export type LocalAnswer = { ok: true; status: number; text: string } | { ok: false; reason: string };

export interface LocalQuestion {
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** A limit, because another program may answer with anything. */
  maxBytes: number;
}

/** The answer of a program on this machine. A wildcard address means loopback. Never throws. */
export function askLocally(
  { host, port }: ListenAddress,
  { path, headers = {}, maxBytes }: LocalQuestion,
): Promise<LocalAnswer> {
  return new Promise((done) => {
    const failed = (reason: string) => done({ ok: false, reason: `${host}:${port}: ${reason}` });
    // No shared agent, because the environment may tell that one to use a proxy.
    const options = { host, port, path, headers, agent: false, timeout: TIMEOUT_MS };
    const request = get(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.length > maxBytes) request.destroy(new Error("another program answered"));
      });
      response.on("end", () => done({ ok: true, status: response.statusCode ?? 0, text }));
      response.on("error", (error) => failed(error.message));
    });
    // Counted from the start, because a peer that sends a byte now and then would keep an idle timer from firing.
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    request.on("close", () => clearTimeout(timer));
    request.on("error", (error) => failed(error.message));
  });
}

/** One short line. */
const MAX_READY_BYTES = 64 * 1024;

export type FoundConnector =
  | { found: true; address: ListenAddress; status: number; text: string; kid: string | undefined }
  | { found: false; reason: string };

/** The connector that listens there, from its `/readyz`. */
export async function connectorAt(address: ListenAddress): Promise<FoundConnector> {
  const answer = await askLocally(address, { path: "/readyz", maxBytes: MAX_READY_BYTES });
  if (!answer.ok) return { found: false, reason: answer.reason };
  const { status, text } = answer;
  const told = connectorOf(text);
  const reason = `${address.host}:${address.port}: another program answered`;
  return told === null ? { found: false, reason } : { found: true, address, status, text, ...told };
}

function connectorOf(text: string): { kid: string | undefined } | null {
  try {
    const { connectorId, kid } = JSON.parse(text) as { connectorId?: unknown; kid?: unknown };
    if (typeof connectorId !== "string") return null;
    return { kid: typeof kid === "string" ? kid : undefined };
  } catch {
    return null;
  }
}
