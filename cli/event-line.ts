import { styleText } from "node:util";
import { coloursWanted } from "../connector/platform/index.ts";
import { type RequestEvent, verbOf } from "../shared/events/request-event.ts";
import { printable } from "./output.ts";

/**
 * One request as a line, in colour on a terminal: `20:04:05.123 200 GET payments-api-prod/v1/charges 34 ms (upstream 30) 0
 * B up 1.2 kB down conn-…`.
 */
export function eventLine(event: RequestEvent, object: string | null = null): string {
  const { time, status, service, path, durationMs, upstreamMs, code, outcome } = event;
  const connector = event.connectorName ?? event.connector;
  const colours = process.stdout.isTTY && coloursWanted(process.env);
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, printable(text), { validateStream: false }) : printable(text);
  const parts = [
    printable(time.slice(11, 23)),
    paint(colourOf(event), String(status)),
    printable(verbOf(event)).padEnd(4),
    printable(`${service}${path}`),
    printable(`${durationMs} ms`),
    paint(
      "dim",
      `upstream ${upstreamMs} ms, ${size(event.requestBytes)} up, ${size(event.responseBytes)} down`,
    ),
    ...(code === null && outcome === "answered" ? [] : [paint("yellow", code ?? outcome)]),
    ...(connector === null ? [] : [paint("dim", connector)]),
    ...(object === null ? [] : [paint("dim", `on ${object}`)]),
  ];
  return parts.join("  ");
}

function colourOf({ status, outcome }: RequestEvent): "green" | "yellow" | "red" {
  if (status >= 500 || outcome === "aborted") return "red";
  return status >= 400 ? "yellow" : "green";
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
