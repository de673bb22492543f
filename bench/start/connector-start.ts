import { residentBytes } from "../instruments/process-usage.ts";
import type { CulvertSubject } from "../subjects/culvert.ts";
import { type Spread, spreadOf } from "../report/statistics.ts";

const STARTS = 9;
const READY_TIMEOUT_MS = 30_000;
const MIB = 1024 * 1024;

export interface ConnectorStart {
  /** From exec until the relay has accepted the connector, by its log. */
  readyMs: Spread;
  /** The process's resident memory at that moment. */
  residentMib: Spread;
}

/**
 * Starts connectors one after the other, next to those that serve the tunnel. The relay has seen others, so its code is
 * warm.
 */
export async function connectorStarts(subject: CulvertSubject): Promise<ConnectorStart> {
  const readyMs: number[] = [];
  const residentMib: number[] = [];
  for (let count = 0; count < STARTS; count += 1) {
    const fromMs = Date.now();
    const child = subject.runConnector();
    const [line] = await child.line(/^.*connected to the relay.*$/, READY_TIMEOUT_MS);
    // The log is buffered, so lines arrive later than the time in them.
    const { time } = JSON.parse(line) as { time: string };
    readyMs.push(Date.parse(time) - fromMs);
    residentMib.push(residentBytes(child.pid).now / MIB);
    await child.stop(READY_TIMEOUT_MS);
  }
  return { readyMs: spreadOf(readyMs), residentMib: spreadOf(residentMib) };
}
