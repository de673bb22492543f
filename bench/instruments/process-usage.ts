import { readdirSync, readFileSync } from "node:fs";

/** `USER_HZ`, the unit of CPU times in /proc. It is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process with all its threads, user and system, in milliseconds; 0 after the process has ended. */
export function cpuMs(pid: number): number {
  const fields = statFields(pid);
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** Resident memory in bytes: the current and the highest value. */
export function residentBytes(pid: number): { now: number; peak: number } {
  const status = read(`/proc/${pid}/status`);
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
  return { now: kilobytes("VmRSS") * 1024, peak: kilobytes("VmHWM") * 1024 };
}

/** A process and all its descendants. Some servers, such as sshd, work in child processes. */
export function withDescendants(pid: number): number[] {
  const childrenOf = Map.groupBy(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number),
    (each) => Number(statFields(each)[1] ?? 0),
  );
  const all = [pid];
  for (const each of all) all.push(...(childrenOf.get(each) ?? []));
  return all;
}

/** The fields of /proc/PID/stat from the third on. The second, the name, may contain spaces. */
function statFields(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
