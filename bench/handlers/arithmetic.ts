import { table } from "../report/tables.ts";

/** The CPU time of each part for one small GET, in µs. */
export interface HandlerCosts {
  gateway: number;
  entrypoint: number;
  object: number;
  connector: number;
}

const REQUESTS_A_MINUTE = [1_000_000, 3_000_000];
/** The platform's own figure for one object. */
const OBJECT_REQUESTS_PER_SECOND = 1_000;
/** With a larger share, requests would queue in every burst. */
const BUSY_SHARE = 0.6;
const MOST_OBJECTS = 32;

/** The resources for this many requests a minute, calculated from these costs. */
export function arithmetic(costs: HandlerCosts): string {
  const rows: [string, (perSecond: number) => string][] = [
    ["requests a second", (perSecond) => count(perSecond)],
    ["CPU cores of gateways' Workers", (perSecond) => cores(perSecond, costs.gateway)],
    ["CPU cores of the entrypoint", (perSecond) => cores(perSecond, costs.entrypoint)],
    ["CPU cores of the tunnel's objects", (perSecond) => cores(perSecond, costs.object)],
    [
      "objects, at 1,000 requests a second each",
      (perSecond) => atLeast(perSecond / OBJECT_REQUESTS_PER_SECOND),
    ],
    [
      "objects, by their CPU on this machine, 60 % busy",
      (perSecond) => atLeast(busyThreads(perSecond, costs.object)),
    ],
    ["tunnels of 32 objects", (perSecond) => atLeast(perSecond / OBJECT_REQUESTS_PER_SECOND / MOST_OBJECTS)],
    ["connectors, by their CPU, 60 % busy", (perSecond) => atLeast(busyThreads(perSecond, costs.connector))],
  ];
  const header = ["requests a minute", ...REQUESTS_A_MINUTE.map(count)];
  return table([
    header,
    ...rows.map(([what, of]) => [what, ...REQUESTS_A_MINUTE.map((all) => of(all / 60))]),
  ]);
}

function busyThreads(perSecond: number, costUs: number): number {
  return (perSecond * costUs) / 1e6 / BUSY_SHARE;
}

function cores(perSecond: number, costUs: number): string {
  return ((perSecond * costUs) / 1e6).toFixed(1);
}

function atLeast(value: number): string {
  return String(Math.ceil(value));
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
