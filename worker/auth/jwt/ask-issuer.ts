const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** The issuer could not be asked, so it is not known whether the token is valid. */
export class IssuerUnavailable extends Error {
  override readonly name = "IssuerUnavailable";
}

/** The JSON of a 200 answer; null for other answers. Throws IssuerUnavailable, also for 5xx. */
export async function askIssuer(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  try {
    // Redirects are not followed, because they lead to a sign-in page.
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
    // The error contains none of the answer's headers.
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
