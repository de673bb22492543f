/**
 * RFC 7541, Appendix B, as the length of each symbol's code: `a` is 5 bits, `z` is 30. The code is canonical, so the
 * lengths give the codes: shorter ones first, those of one length in the order of their symbols. The last is EOS.
 */
const LENGTHS =
  "isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijb" +
  "kabababbbaccbbbabcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrs" +
  "vvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz";
const EOS = 256;
const MAX_PADDING_BITS = 7;

/** The result of up to eight bits: another table, or a symbol that used `bits` of them. */
type Step = Step[] | { symbol: number; bits: number };

function stepTables(): Step[] {
  const root: Step[] = [];
  const symbols = Array.from(LENGTHS, (letter, symbol) => ({
    symbol,
    length: letter.charCodeAt(0) - "a".charCodeAt(0) + 5,
  })).sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let lastLength = 0;
  for (const { symbol, length } of symbols) {
    code *= 2 ** (length - lastLength);
    lastLength = length;
    place(root, symbol, code, length);
    code++;
  }
  return root;
}

/** Enters a code in the tables. All entries that begin with a short code lead to its symbol. */
function place(root: Step[], symbol: number, code: number, length: number): void {
  let table = root;
  let left = length;
  for (; left > 8; left -= 8) {
    const byte = (code >>> (left - 8)) & 0xff;
    const next = table[byte] ?? [];
    if (!Array.isArray(next)) throw new Error("two codes collide");
    table[byte] = next;
    table = next;
  }
  const first = (code << (8 - left)) & 0xff;
  for (let i = 0; i < 1 << (8 - left); i++) table[first + i] = { symbol, bits: left };
}

/** Made when first needed, because most connectors see no HTTP/2. */
let tables: Step[] | null = null;

/** Each byte as a character; null: the bytes are not valid Huffman code (RFC 7541 §5.2). */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | null {
  let text = "";
  const first = (tables ??= stepTables());
  let table = first;
  let held = 0;
  let heldBits = 0;
  /** Bits since the last symbol. */
  let openBits = 0;
  for (let at = start; at < end; at++) {
    held = ((held << 8) | (bytes[at] ?? 0)) & 0xffff;
    heldBits += 8;
    openBits += 8;
    while (heldBits >= 8) {
      const step: Step | undefined = table[(held >>> (heldBits - 8)) & 0xff];
      if (step === undefined) return null;
      if (Array.isArray(step)) {
        table = step;
        heldBits -= 8;
      } else {
        if (step.symbol === EOS) return null;
        text += String.fromCharCode(step.symbol);
        heldBits -= step.bits;
        openBits = heldBits;
        table = first;
      }
    }
  }
  while (heldBits > 0) {
    const step: Step | undefined = table[(held << (8 - heldBits)) & 0xff];
    if (step === undefined || Array.isArray(step) || step.bits > heldBits || step.symbol === EOS) break;
    text += String.fromCharCode(step.symbol);
    heldBits -= step.bits;
    openBits = heldBits;
    table = first;
  }
  const padding = (1 << heldBits) - 1;
  return openBits <= MAX_PADDING_BITS && (held & padding) === padding ? text : null;
}
