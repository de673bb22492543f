/** What the Registry has a tunnel's objects capture. */
export interface CaptureRule {
  id: string;
  /** Its name as configured, or a host of a network rule, in lower case. */
  service: string;
  endsAtMs: number;
  maxRequests: number;
}

/** One captured request on its way to where it is kept: the tunnel's Telemetry object. */
export interface CaptureEntry {
  captureId: string;
  maxRequests: number;
  requestId: string;
  timeMs: number;
  /** A `CapturedRequest`. */
  json: string;
}

/** `full`: nothing more of this capture has to come. */
export type CaptureAnswer = "taken" | "full";
