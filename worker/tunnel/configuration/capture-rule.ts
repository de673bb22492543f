/** What the Registry has a tunnel's objects capture. */
export interface CaptureRule {
  id: string;
  /** Its name as configured, or a host of a network rule, in lower case. */
  service: string;
  endsAtMs: number;
  maxRequests: number;
}
