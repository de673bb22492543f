/** The length of a RESET frame's text. */
const MAX_DETAIL_LENGTH = 256;

/** Keys and tokens of our own, credentials in URLs, and those of the usual header fields. */
const SECRETS =
  /culvert_[A-Za-z0-9_-]{20,}|(?<=:\/\/)[^\s/@]{1,200}@|(?<=\b(?:bearer|basic|token)\s{1,4})[A-Za-z0-9._~+/=-]{8,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9._-]+/gi;

/** Why a request failed, for the relay's operator. It may come from a connector, which may send anything. */
export function detailOf(message: string): string {
  return message
    .slice(0, 4 * MAX_DETAIL_LENGTH)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?")
    .replace(SECRETS, "[secret]")
    .slice(0, MAX_DETAIL_LENGTH);
}
