import { MASK_MODULE } from "./mask-module.ts";

const PAGE_BYTES = 64 * 1024;

/** Memory in which frames are assembled and masked. It never grows, so views of it stay valid. */
export interface MaskedMemory {
  readonly bytes: Buffer;
  /** Masks `length` bytes from `at` on, in place. The key is the 4 bytes before them. */
  readonly mask: (at: number, length: number) => void;
}

/** The part of WebAssembly that is used here, because Node's types lack it. */
interface WebAssemblyApi {
  validate(module: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (
    module: object,
    imports: { env: { memory: object } },
  ) => { readonly exports: { mask: MaskedMemory["mask"] } };
}

const { WebAssembly: platformApi = null } = globalThis as unknown as { WebAssembly?: WebAssemblyApi };

/** Masks with SIMD if possible. Without WebAssembly (`--jitless`), or without address space for its memory, it masks by words. */
export function maskedMemory(sizeBytes: number, api = platformApi): MaskedMemory {
  if (api?.validate(MASK_MODULE) === true) {
    try {
      const pages = Math.ceil(sizeBytes / PAGE_BYTES);
      const memory = new api.Memory({ initial: pages, maximum: pages });
      const { mask } = new api.Instance(new api.Module(MASK_MODULE), { env: { memory } }).exports;
      return { bytes: Buffer.from(memory.buffer), mask };
    } catch {
      // The address space is too small for the guard pages around the memory.
    }
  }
  const buffer = new ArrayBuffer(sizeBytes);
  return { bytes: Buffer.from(buffer), mask: maskByWords(buffer) };
}

/** The same in JavaScript: a word at a time if the payload is aligned to words. */
export function maskByWords(buffer: ArrayBufferLike): MaskedMemory["mask"] {
  const bytes = new Uint8Array(buffer);
  const words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  return (at, length) => {
    let done = 0;
    if (at % 4 === 0) {
      const first = at >>> 2;
      const end = (at + length) >>> 2;
      const key = words[first - 1] ?? 0;
      for (let i = first; i < end; i++) words[i] = (words[i] ?? 0) ^ key;
      done = length & ~3;
    }
    for (let i = done; i < length; i++) bytes[at + i] = (bytes[at + i] ?? 0) ^ (bytes[at - 4 + (i & 3)] ?? 0);
  };
}
