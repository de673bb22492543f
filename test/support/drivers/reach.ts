import type { Duplex } from "node:stream";

/** Opens a TCP connection to a service, directly or through the tunnel. The drivers can't tell which. */
export type Reach = (service: string) => Duplex | Promise<Duplex>;

/** The parameters of one piece of work. */
export interface WorkOptions {
  /** MiB to copy, or commands of a pipeline. */
  size: number;
  /** How long the connection is silent, if silence is part of the work. */
  pauseMs: number;
}

/** One piece of work with one service. Its result does not depend on how the service was reached. */
export type Work = (service: string, reach: Reach, options: WorkOptions) => Promise<unknown>;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
