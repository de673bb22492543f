import type { Duplex } from "node:stream";

/** Opens a TCP connection to a service, straight or through the tunnel: the drivers can't tell which. */
export type Reach = (service: string) => Duplex | Promise<Duplex>;

/** What one piece of work is told. */
export interface WorkOptions {
  /** MiB to copy, or commands of a pipeline. */
  size: number;
  /** How long nothing moves, where that is part of the work. */
  pauseMs: number;
}

/** One piece of work with one service. Its result says nothing of the way that led there. */
export type Work = (service: string, reach: Reach, options: WorkOptions) => Promise<unknown>;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
