const BEFORE_DIGITS = "HTTP/1.x ";
const END_OF_HEAD = [0x0d, 0x0a, 0x0d, 0x0a];

/**
 * Finds the 1xx heads before a response and renames 100 to 102: undici ends the connection on a 100 that it did not
 * ask for, though a client has to absorb it (RFC 9110 §15.2), and passes 102 on as informational.
 * Feed it what the socket reads; it changes bytes in place. `reset()` before each request.
 */
export class ResponseStart {
  /** Position in the status line, -1 while inside the rest of a 1xx head, null once a final head has begun. */
  #at: number | null = null;
  #informational = false;
  #endMatched = 0;

  reset(): void {
    this.#at = 0;
    this.#informational = false;
    this.#endMatched = 0;
  }

  scan(bytes: Uint8Array): void {
    for (let i = 0; this.#at !== null && i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      if (this.#at === -1) this.#skipHead(byte);
      else if (this.#statusLine(byte)) bytes[i] = 0x32;
    }
  }

  /** True at the last digit of 100. Anything but 1xx is left to the parser. */
  #statusLine(byte: number): boolean {
    const at = this.#at ?? 0;
    if (at < BEFORE_DIGITS.length) {
      const matches = at === 7 || BEFORE_DIGITS.charCodeAt(at) === byte;
      this.#at = matches ? at + 1 : null;
      return false;
    }
    if (at === BEFORE_DIGITS.length) {
      this.#at = byte === 0x31 ? at + 1 : null;
      return false;
    }
    if (at === BEFORE_DIGITS.length + 1) {
      this.#informational = byte === 0x30;
      this.#at = at + 1;
      return false;
    }
    this.#at = -1;
    return this.#informational && byte === 0x30;
  }

  #skipHead(byte: number): void {
    if (byte === END_OF_HEAD[this.#endMatched]) this.#endMatched++;
    else this.#endMatched = byte === 0x0d ? 1 : 0;
    if (this.#endMatched === END_OF_HEAD.length) this.reset();
  }
}
