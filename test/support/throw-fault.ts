import type { ReportFault } from "../../connector/platform/faults.ts";

/** In tests a fault is a failure. */
export const throwFault: ReportFault = (_scope, thrown) => {
  throw thrown;
};
