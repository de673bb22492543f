/** Compares in constant time, so that response times reveal nothing about the key. */
export async function isKnownCaller(request: Request, key: string): Promise<boolean> {
  // Without a configured key, nobody is let in.
  if (!key) return false;
  const [given, expected] = await Promise.all([digest(request.headers.get("x-api-key") ?? ""), digest(key)]);
  return crypto.subtle.timingSafeEqual(given, expected);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
