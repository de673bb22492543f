import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** How busy the machine is with other things than the measurement. */
export interface MachineState {
  /** The share of all cores' time, 0 to 1. */
  busyShare: number;
  /** The share that the hypervisor gave to other machines, 0 to 1. */
  stealShare: number;
  /** The average number of runnable processes in the last minute. */
  load: number;
  /** Null if the kernel does not report it. */
  clockMhz: number | null;
}

/** CPU times since boot, in ticks of all cores (proc(5), `/proc/stat`). */
export interface CpuTicks {
  idle: number;
  steal: number;
  total: number;
}

/** If other processes take more than this, the results say little about the tunnel. */
const MAX_BUSY_SHARE = 0.1;
const MAX_STEAL_SHARE = 0.02;
const SAMPLE_MS = 3_000;

export function parseCpuTicks(stat: string): CpuTicks {
  const [, times = ""] = /^cpu +([\d ]+)$/m.exec(stat) ?? [];
  // The kernel counts guest and guest_nice in user and nice too.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = times
    .split(" ")
    .map(Number);
  return { idle: idle + iowait, steal, total: user + nice + system + idle + iowait + irq + softirq + steal };
}

export function cpuTicks(): CpuTicks {
  return parseCpuTicks(readFileSync("/proc/stat", "utf8"));
}

export function sharesBetween(
  before: CpuTicks,
  after: CpuTicks,
): Pick<MachineState, "busyShare" | "stealShare"> {
  const total = Math.max(1, after.total - before.total);
  const stealShare = (after.steal - before.steal) / total;
  return { busyShare: 1 - (after.idle - before.idle) / total - stealShare, stealShare };
}

/** Measures for three seconds. Call it while nothing of the benchmark runs. */
export async function machineState(): Promise<MachineState> {
  const before = cpuTicks();
  await sleep(SAMPLE_MS);
  const [, clock] = /^cpu MHz\s*: ([\d.]+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8")) ?? [];
  return {
    ...sharesBetween(before, cpuTicks()),
    load: loadavg()[0] ?? 0,
    clockMhz: clock === undefined ? null : Math.round(Number(clock)),
  };
}

/** Why the results of a run on this machine should not be published; null if they may be. */
export function problemOf({
  busyShare,
  stealShare,
}: Pick<MachineState, "busyShare" | "stealShare">): string | null {
  if (busyShare > MAX_BUSY_SHARE) return `other processes take ${percent(busyShare)} of the machine`;
  if (stealShare > MAX_STEAL_SHARE) return `the hypervisor takes ${percent(stealShare)} of the machine`;
  return null;
}

export function describeMachine({ busyShare, stealShare, load, clockMhz }: MachineState): string {
  const clock = clockMhz === null ? "" : `, ${clockMhz} MHz`;
  return `${percent(1 - busyShare - stealShare)} idle before the run, ${percent(stealShare)} steal, load ${load.toFixed(1)}${clock}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
