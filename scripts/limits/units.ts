/** The unit of a limit. */
export type Unit = "bytes" | "ms" | "s" | "characters" | "count" | "share";

const KIB = 1024;
const TIMES: readonly [ms: number, name: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** A number for people: 16 MiB, 5 min, 1,024. */
export function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      if (value >= KIB * KIB && value % (KIB * KIB) === 0) return `${grouped(value / KIB / KIB)} MiB`;
      return value >= KIB && value % KIB === 0 ? `${grouped(value / KIB)} KiB` : `${grouped(value)} bytes`;
    case "ms":
      for (const [ms, name] of TIMES) if (value >= ms && value % ms === 0) return `${value / ms} ${name}`;
      return value >= 1_000 ? `${value / 1_000} s` : `${value} ms`;
    case "s":
      return amount(value * 1_000, "ms");
    case "characters":
      return `${grouped(value)} characters`;
    case "count":
      return grouped(value);
    case "share":
      return `${value * 100} %`;
  }
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** The unit, from the ending of a name in our code. */
export function unitOf(name: string): Unit {
  if (/Ms$|_MS$/.test(name)) return "ms";
  if (/Seconds$|_SECONDS$/.test(name)) return "s";
  if (/Bytes$|_BYTES$/.test(name)) return "bytes";
  return name.endsWith("_LENGTH") ? "characters" : "count";
}
