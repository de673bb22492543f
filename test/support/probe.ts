/** What a test asks the test gateway to do with a Worker's JavaScript API, and what the Worker saw. */
export interface ProbeRequest {
  /** `direct` fetches `url` as it is; anything else names a tunnel binding of the gateway. */
  via: string;
  url: string;
  method?: string;
  headers?: [name: string, value: string][];
  body?: ProbeBody;
  /** Cancel before the head, after this many bytes of the answer, or after this many bytes of the upload. */
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
  /** All except Set-Cookie, as `Headers` lists them. */
  headers: [name: string, value: string][];
  setCookie: string[];
  bodyBytes: number;
  bodySha256: string;
  /** What reading the body threw; null when it ended cleanly. */
  bodyThrew: string | null;
}

/** Requests that are opened only to be cancelled, each after less than `maxMs`. */
export interface StormRequest {
  via: string;
  url: string;
  count: number;
  concurrency: number;
  maxMs: number;
}

export interface StormOutcome {
  /** The number of answers by `culvert-error`, or by status if there was none. */
  answered: Record<string, number>;
  cancelled: number;
}
