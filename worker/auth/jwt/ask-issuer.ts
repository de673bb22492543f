const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** The issuer could not be asked: whoever calls is neither known nor unknown. */
export class IssuerUnavailable extends Error {
  override readonly name = "IssuerUnavailable";
}

/** The JSON of an answer of 200; null for any other answer but 5xx, which is no answer. Throws IssuerUnavailable. */
export async function askIssuer(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  try {
    // A redirect leads to a page where somebody signs in.
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 500 || response.status === 429) {
      await response.body?.cancel();
      throw new Error(`answered ${response.status}`);
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      return null;
    }
    return JSON.parse(await boundedText(response)) as unknown;
  } catch (thrown) {
    // Never with its headers.
    console.warn({ event: "issuer_failed", url, error: String(thrown) });
    throw new IssuerUnavailable("The issuer could not be reached.", { cause: thrown });
  }
}

async function boundedText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
