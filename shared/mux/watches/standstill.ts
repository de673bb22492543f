/**
 * A look that comes so late comes after a standstill of this process: what the peer sent meanwhile is not read yet. Tests
 * that put a real object's clock forward raise it.
 */
export const STANDSTILL = { lateMs: 1_000 };
