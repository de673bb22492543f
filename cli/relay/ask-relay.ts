import { type Agent, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

/**
 * A page of the admin API's largest list is far smaller. The limit is for other programs that may answer at that address.
 */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface Ask {
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  agent: Agent;
  timeoutMs: number;
}

export interface Told {
  status: number;
  headers: Headers;
  text: string;
}

/** Sends one request and reads its whole answer. Does not follow redirects, because a key is for one address alone. */
export function askRelay(url: string, { method, headers, body, agent, timeoutMs }: Ask): Promise<Told> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? tlsRequest : plainRequest;
    const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const asked = send(url, { method, headers: { ...headers, ...length }, agent }, (response) => {
      collect(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, headers: headersOf(response), text }),
        reject,
      );
    });
    // Counts from the start, because a peer that sends a byte now and then would keep an idle timer from ever firing.
    const timer = setTimeout(
      () => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    asked.on("close", () => clearTimeout(timer));
    asked.on("error", reject);
    asked.end(body ?? undefined);
  });
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error("its answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function headersOf({ headers }: IncomingMessage): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return result;
}
