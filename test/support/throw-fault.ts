import type { ReportFault } from "../../connector/platform/faults.ts";

/** A fault in a test fails it. */
export const throwFault: ReportFault = (_scope, thrown) => {
  throw thrown;
};
