const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 (ISO-HDLC, as in zip) of ASCII text, as eight lower-case hex digits. It finds typing errors and gives no security. */
export function crc32Hex(asciiText: string): string {
  let value = 0xffffffff;
  for (let index = 0; index < asciiText.length; index++) {
    value = (TABLE[(value ^ asciiText.charCodeAt(index)) & 0xff] ?? 0) ^ (value >>> 8);
  }
  return ((value ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
