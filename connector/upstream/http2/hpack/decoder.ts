import { decodeHuffman } from "./huffman.ts";
import { type HeaderField, STATIC_TABLE } from "./static-table.ts";

/** What each entry of a table counts beside its bytes (RFC 7541 §4.1). */
const ENTRY_OVERHEAD_BYTES = 32;
/** The default of SETTINGS_HEADER_TABLE_SIZE. */
const MAX_TABLE_BYTES = 4_096;
const NOTHING = Buffer.alloc(0);

/** After a block that cannot be decoded, the tables of both sides differ, so the connection has to end. */
export class HpackError extends Error {}

/** Limits on what is kept of one block. Fields beyond them are still decoded, but dropped. */
export interface HeaderLimits {
  bytes: number;
  fields: number;
}

/** Decodes header blocks in the order of their arrival. */
export class HpackDecoder {
  /** The newest is last. */
  readonly #table: HeaderField[] = [];
  #tableBytes = 0;
  #tableLimitBytes = MAX_TABLE_BYTES;
  #bytes: Buffer = NOTHING;
  #at = 0;

  /** Names and Latin-1 values in turn; null: over the limits. */
  decode(block: Buffer, limits: HeaderLimits): string[] | null {
    this.#bytes = block;
    this.#at = 0;
    const raw: string[] = [];
    let size = 0;
    let tooLarge = false;
    let mayResize = true;
    while (this.#at < block.byteLength) {
      const first = block[this.#at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw new HpackError("a table size update after a field");
        this.#resize(this.#integer(5));
        continue;
      }
      mayResize = false;
      const { name, value } = this.#field(first);
      size += name.length + value.length;
      tooLarge ||= size > limits.bytes || raw.length >= 2 * limits.fields;
      if (!tooLarge) raw.push(name, value);
    }
    this.#bytes = NOTHING;
    return tooLarge ? null : raw;
  }

  #field(first: number): HeaderField {
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(7));
    const indexing = (first & 0x40) !== 0;
    const index = this.#integer(indexing ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#indexed(index).name;
    const field = { name, value: this.#string() };
    if (indexing) this.#add(field);
    return field;
  }

  #indexed(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#table[this.#table.length - (index - STATIC_TABLE.length)];
    if (field === undefined) throw new HpackError(`no field has the index ${index}`);
    return field;
  }

  #add(field: HeaderField): void {
    this.#table.push(field);
    this.#tableBytes += sizeOf(field);
    this.#evict();
  }

  #resize(limitBytes: number): void {
    if (limitBytes > MAX_TABLE_BYTES) throw new HpackError("a table size over the limit");
    this.#tableLimitBytes = limitBytes;
    this.#evict();
  }

  #evict(): void {
    let count = 0;
    while (this.#tableBytes > this.#tableLimitBytes) {
      const oldest = this.#table[count++];
      if (oldest === undefined) break;
      this.#tableBytes -= sizeOf(oldest);
    }
    if (count > 0) this.#table.splice(0, count);
  }

  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      // No valid index, size or length is that large.
      if (shift > 21) throw new HpackError("an integer that is too large");
      if ((byte & 0x80) === 0) return value;
    }
  }

  #string(): string {
    const huffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.byteLength) throw new HpackError("a string longer than its block");
    this.#at = end;
    if (!huffman) return this.#bytes.toString("latin1", start, end);
    const text = decodeHuffman(this.#bytes, start, end);
    if (text === null) throw new HpackError("a string that is not valid Huffman code");
    return text;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new HpackError("a block that ends within a field");
    this.#at++;
    return byte;
  }
}

function sizeOf({ name, value }: HeaderField): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}
