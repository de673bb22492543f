/** RFC 6455 §5.2: bits of a frame's first two bytes. */
export const FIN = 0x80;
export const RESERVED = 0x70;
export const MASKED = 0x80;

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Opcodes from this one on are control frames. */
export const FIRST_CONTROL_OPCODE = 8;

/** Close codes of RFC 6455 §7.4.1. */
export const CLOSE_PROTOCOL_ERROR = 1002;
export const CLOSE_NO_STATUS = 1005;
export const CLOSE_ABNORMAL = 1006;
export const CLOSE_NOT_UTF8 = 1007;
export const CLOSE_TOO_BIG = 1009;
