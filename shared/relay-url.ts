/** The origin of a relay; null for anything else. Plain http would show secrets to the network, so it is only for this machine. */
export function parseRelayUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || url.href !== `${url.origin}/`) return null;
  if (url.protocol === "https:") return url.origin;
  const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname);
  return url.protocol === "http:" && loopback ? url.origin : null;
}
