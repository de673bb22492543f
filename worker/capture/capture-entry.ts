/** One captured request on its way to where it is kept: the tunnel's Telemetry object. */
export interface CaptureEntry {
  captureId: string;
  maxRequests: number;
  requestId: string;
  timeMs: number;
  /** A `CapturedRequest`. */
  json: string;
}

/** `full`: the capture needs no more requests. */
export type CaptureAnswer = "taken" | "full";
