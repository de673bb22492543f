/** What the Registry tells a tunnel's objects to capture. */
export interface CaptureRule {
  id: string;
  /** The service's configured name, or a host of a network rule, in lower case. */
  service: string;
  endsAtMs: number;
  maxRequests: number;
}
