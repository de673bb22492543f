import type { Unit } from "../units.ts";

/** One constant of the code. */
export interface FixedLimit {
  what: string;
  file: string;
  constant: string;
  /** Given where the constant's name does not end in its unit. */
  unit?: Unit;
  /** What happens beyond the limit. */
  beyond: string;
}

/** One table of the page. */
export interface Section {
  title: string;
  text?: string;
  limits: readonly FixedLimit[];
}

export const LIMITS = "shared/protocol/limits.ts";

export const limit = (
  what: string,
  file: string,
  constant: string,
  beyond: string,
  unit?: Unit,
): FixedLimit => ({
  ...{ what, file, constant, beyond },
  ...(unit === undefined ? {} : { unit }),
});
