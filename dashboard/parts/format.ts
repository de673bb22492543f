/** A number with one decimal place below 100, and none above: `0.5`, `12.3`, `1,240`. */
export function numberText(value: number): string {
  const decimals = value !== 0 && Math.abs(value) < 100 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString("en", { maximumFractionDigits: decimals });
}

export function millisecondsText(valueMs: number | null): string {
  if (valueMs === null) return "–";
  if (valueMs < 1000) return `${numberText(valueMs)} ms`;
  return valueMs < 60_000 ? `${(valueMs / 1000).toFixed(2)} s` : durationText(valueMs);
}

export { percentText } from "../../shared/verdict/percent-text.ts";

/** A percentile with two digits, because it is only known to within two percent. */
export function latencyText(valueMs: number | null): string {
  if (valueMs === null) return "–";
  if (valueMs <= 1) return "<1 ms";
  const roundMs = Number(valueMs.toPrecision(2));
  if (roundMs < 1000) return `${roundMs} ms`;
  return roundMs < 60_000 ? `${roundMs / 1000} s` : durationText(roundMs);
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const exponent = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${numberText(bytes / 1024 ** exponent)} ${units[exponent - 1]}`;
}

const STEPS: readonly (readonly [name: string, stepMs: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/** The two largest units: `2 d 4 h`, `35 s`. */
export function durationText(valueMs: number): string {
  const [index, step] = [...STEPS.entries()].find(([, [, stepMs]]) => valueMs >= stepMs) ?? [];
  if (index === undefined || step === undefined) return "0 s";
  const [name, stepMs] = step;
  const whole = `${Math.floor(valueMs / stepMs)} ${name}`;
  const next = STEPS[index + 1];
  const rest = next === undefined ? 0 : Math.floor((valueMs % stepMs) / next[1]);
  return rest === 0 || next === undefined ? whole : `${whole} ${rest} ${next[0]}`;
}

/** `5 min ago`, `in 2 h`: only the largest unit. */
export function relativeText(time: string, nowMs: number): string {
  const distanceMs = Date.parse(time) - nowMs;
  if (Math.abs(distanceMs) < 5000) return "just now";
  const text = durationText(Math.abs(distanceMs)).split(" ").slice(0, 2).join(" ");
  return distanceMs < 0 ? `${text} ago` : `in ${text}`;
}

/** A duration that was rounded to whole milliseconds. */
export function wholeMillisecondsText(valueMs: number): string {
  return valueMs === 0 ? "<1 ms" : millisecondsText(valueMs);
}

/** In the reader's time zone. */
export function timeText(time: string): string {
  return new Date(time).toLocaleString("en-GB", {
    dateStyle: "medium",
    timeStyle: "medium",
  });
}

export function clockText(time: string): string {
  const at = new Date(time);
  return `${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
