/**
 * The mask of RFC 6455 §5.3 as a WebAssembly module. It masks 64 bytes per step, where JavaScript XORs a word of 4. It works in
 * place in the memory it is given, and reads the key from the 4 bytes before the payload, where a frame has it.
 *
 *     (module
 *       (import "env" "memory" (memory 1))
 *       (func (export "mask") (param $at i32) (param $length i32)
 *         (local $key i32) (local $end i32) (local $keys v128)
 *         (local.set $key (i32.load (i32.sub (local.get $at) (i32.const 4))))
 *         (local.set $keys (i32x4.splat (local.get $key)))
 *         (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -64))))
 *         (block $tail
 *           (loop $blocks
 *             (br_if $tail (i32.eq (local.get $at) (local.get $end)))
 *             (v128.store offset=0 (local.get $at)
 *               (v128.xor (v128.load offset=0 (local.get $at)) (local.get $keys)))
 *             ;; the same with offset=16, offset=32 and offset=48
 *             (local.set $at (i32.add (local.get $at) (i32.const 64)))
 *             (br $blocks)))
 *         (local.set $end (i32.add (local.get $end) (i32.and (local.get $length) (i32.const 63))))
 *         (block $done
 *           (loop $bytes
 *             (br_if $done (i32.eq (local.get $at) (local.get $end)))
 *             (i32.store8 (local.get $at) (i32.xor (i32.load8_u (local.get $at)) (local.get $key)))
 *             (local.set $key (i32.rotr (local.get $key) (i32.const 8)))
 *             (local.set $at (i32.add (local.get $at) (i32.const 1)))
 *             (br $bytes)))))
 */
const SECTIONS = [
  // Magic and version 1.
  "0061736d 01000000",
  // Types: (i32, i32) → ().
  "01 06 01 60 02 7f 7f 00",
  // Imports: "env" "memory", a memory of at least one page.
  "02 0f 01 03 656e76 06 6d656d6f7279 02 00 01",
  // Functions: one of type 0, exported as "mask".
  "03 02 01 00",
  "07 08 01 04 6d61736b 00 00",
  // Code: one body of 171 bytes; locals i32 i32 v128.
  "0a ae01 01 ab01 02 02 7f 01 7b",
  // $key, $keys, $end
  "2000 4104 6b 280200 2102",
  "2002 fd11 2104",
  "2000 2001 4140 71 6a 2103",
  // $blocks
  "0240 0340 2000 2003 46 0d01",
  "2000 2000 fd000400 2004 fd51 fd0b0400",
  "2000 2000 fd000410 2004 fd51 fd0b0410",
  "2000 2000 fd000420 2004 fd51 fd0b0420",
  "2000 2000 fd000430 2004 fd51 fd0b0430",
  "2000 41c000 6a 2100 0c00 0b 0b",
  // $end, $bytes
  "2003 2001 413f 71 6a 2103",
  "0240 0340 2000 2003 46 0d01",
  "2000 2000 2d0000 2002 73 3a0000",
  "2002 4108 78 2102",
  "2000 4101 6a 2100 0c00 0b 0b 0b",
];

export const MASK_MODULE: Uint8Array = Buffer.from(SECTIONS.join("").replaceAll(" ", ""), "hex");
