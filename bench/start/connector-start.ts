import { residentBytes } from "../instruments/process-usage.ts";
import type { CulvertSubject } from "../subjects/culvert.ts";
import { type Spread, spreadOf } from "../report/statistics.ts";

const STARTS = 9;
const READY_TIMEOUT_MS = 30_000;
const MIB = 1024 * 1024;

export interface ConnectorStart {
  /** From its exec until the relay has accepted it, as its log says. */
  readyMs: Spread;
  /** Of the process, at that moment. */
  residentMib: Spread;
}

/** Connectors one after the other, beside those that serve the tunnel already. The relay has seen others: its code is warm. */
export async function connectorStarts(subject: CulvertSubject): Promise<ConnectorStart> {
  const readyMs: number[] = [];
  const residentMib: number[] = [];
  for (let count = 0; count < STARTS; count += 1) {
    const fromMs = Date.now();
    const child = subject.runConnector();
    const [line] = await child.line(/^.*connected to the relay.*$/, READY_TIMEOUT_MS);
    // Lines are gathered before they are written: they come later than what they tell of.
    const { time } = JSON.parse(line) as { time: string };
    readyMs.push(Date.parse(time) - fromMs);
    residentMib.push(residentBytes(child.pid).now / MIB);
    await child.stop(READY_TIMEOUT_MS);
  }
  return { readyMs: spreadOf(readyMs), residentMib: spreadOf(residentMib) };
}
