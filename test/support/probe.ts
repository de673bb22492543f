/** What a test asks the test gateway to do with the JavaScript API of a Worker, and what that Worker saw. */
export interface ProbeRequest {
  /** `direct` fetches `url` as it is; anything else names a tunnel binding of the gateway. */
  via: string;
  url: string;
  method?: string;
  headers?: [name: string, value: string][];
  body?: ProbeBody;
  /** Gives up: before the head, after so many bytes of the answer, or after so many bytes of the upload. */
  cancel?:
    | { when: "before-head"; afterMs: number }
    | { when: "mid-download" | "mid-upload"; afterBytes: number };
}

export type ProbeBody =
  | { kind: "text"; text: string }
  /** The test pattern as a stream, with a Content-Length (`FixedLengthStream`) or without. */
  | { kind: "pattern"; totalBytes: number; lengthKnown: boolean };

export interface Observation {
  /** What `fetch` threw; null when it answered. */
  threw: string | null;
  status: number;
  statusText: string;
  /** All but Set-Cookie, as `Headers` lists them. */
  headers: [name: string, value: string][];
  setCookie: string[];
  bodyBytes: number;
  bodySha256: string;
  /** What reading the body threw; null when it ended cleanly. */
  bodyThrew: string | null;
}

/** Requests opened only to be cancelled, each after less than `maxMs`. */
export interface StormRequest {
  via: string;
  url: string;
  count: number;
  concurrency: number;
  maxMs: number;
}

export interface StormOutcome {
  /** By `culvert-error`, or by status without one. */
  answered: Record<string, number>;
  cancelled: number;
}
