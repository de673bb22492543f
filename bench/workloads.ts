import type { LoadJob } from "./load/job.ts";
import type { Subject } from "./subjects/subject.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
/** The header fields of an ordinary client behind an ordinary CDN. */
const REALISTIC_HEADERS: Readonly<Record<string, string>> = {
  accept: "application/json, text/plain, */*",
  "accept-encoding": "gzip, deflate, br, zstd",
  "accept-language": "en-GB,en;q=0.9,de;q=0.8",
  authorization: `Bearer ${"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.".repeat(8)}`,
  "cache-control": "no-cache",
  "cf-connecting-ip": "203.0.113.7",
  "cf-ipcountry": "CH",
  "cf-ray": "8f1d6f0c3a1b2c3d-ZRH",
  cookie: "session=0b6f3f444f0d4f0e9f5e0d6a4d6c3a11; theme=dark; consent=1",
  "if-none-match": '"33a64df551425fcc55e4d42a148795d9f25f89d4"',
  origin: "https://app.example.com",
  referer: "https://app.example.com/orders/4711?tab=payments",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-site",
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
  "x-request-id": "0b6f3f44-4f0d-4f0e-9f5e-0d6a4d6c3a11",
  "x-api-version": "2026-10-01",
};

export interface Workload {
  name: string;
  job(subject: Subject): LoadJob;
  /** Runs during the workload in a second load generator, on this subject or directly at the upstream. */
  background?(subject: Subject, upstream: Subject): LoadJob;
  /** The names of the subjects that it is for. */
  subjects: readonly string[];
  /** Requests come no faster than in this workload on this subject, just before in the same round. */
  pace?: { workload: string; subject: string };
  /** The most rounds to measure it in; all if absent. */
  rounds?: number;
}

export interface Durations {
  warmUpMs: number;
  measureMs: number;
}

const PEERS = ["ssh -R", "localtunnel", "wstunnel"];
const HTTP_SUBJECTS = ["direct", "node floor", ...PEERS, "culvert x1", "culvert x2"];
const FLOORS = ["floor", "rich floor", "bare relay"];
export const ASKING = "bare relay, upstream";
export const LIMIT = "object's limit";
export const TCP = "culvert x1, TCP";
const TUNNELS = ["culvert x1", "culvert x2"];
const DELAYED = ["culvert +0 ms", "culvert +20 ms", "culvert +80 ms"];
/** Without localtunnel: its client has ten connections, and each WebSocket occupies one. */
const SOCKET_SUBJECTS = ["direct", "ssh -R", "wstunnel"];

export function get(bytes: number, concurrency: number, durations: Durations): Workload {
  return {
    name: `GET ${sizeName(bytes)} c=${concurrency}`,
    // The floor's response has the same size, and comes from the platform alone.
    subjects: [...HTTP_SUBJECTS, ...FLOORS],
    job: (subject) => requests(subject, `/bytes/${bytes}`, { expectBytes: bytes, concurrency, ...durations }),
  };
}

export function getDelayed(concurrency: number, durations: Durations): Workload {
  return {
    ...get(KIB, concurrency, durations),
    name: `GET 1 KiB c=${concurrency}, delayed`,
    subjects: ["culvert x1", ...DELAYED],
  };
}

export function getWithHeaders(concurrency: number, durations: Durations): Workload {
  const plain = get(KIB, concurrency, durations);
  return {
    name: `GET 1 KiB, 18 headers c=${concurrency}`,
    subjects: plain.subjects,
    job: (subject) => {
      const job = plain.job(subject);
      return { ...job, headers: { ...REALISTIC_HEADERS, ...job.headers } };
    },
  };
}

export function post(bytes: number, concurrency: number, durations: Durations): Workload {
  return {
    name: `POST ${sizeName(bytes)} c=${concurrency}`,
    subjects: HTTP_SUBJECTS,
    job: (subject) => ({
      ...requests(subject, "/sink", { expectBytes: 16, concurrency, ...durations }),
      sendBytes: bytes,
    }),
  };
}

export function bulk(direction: "down" | "up", bytes: number): Workload {
  return {
    name: `${sizeName(bytes)} ${direction}`,
    subjects: [...HTTP_SUBJECTS, TCP, LIMIT, ...DELAYED],
    job: (subject) => bulkJob(subject, direction, bytes, 1),
  };
}

/** A caller that waits for each response before its next request, as database drivers do. Over TCP, an echo of one byte. */
export const ROUND_TRIPS = "100 round trips of 1 byte";

export function roundTrips(durations: Durations): Workload {
  return {
    name: ROUND_TRIPS,
    subjects: ["floor", "culvert x1", TCP],
    job: (subject) => requests(subject, "/rounds/100", { expectBytes: 3, concurrency: 1, ...durations }),
  };
}

/**
 * The cost of the floors when they are no busier than the tunnel was. A process that gets one request at a time wakes up
 * and sleeps again for each; one at full load does so once for dozens.
 */
export function atTunnelsRate(concurrency: number, durations: Durations): Workload {
  const flooded = get(KIB, concurrency, durations);
  return {
    ...flooded,
    name: `${flooded.name}, at the tunnel's rate`,
    subjects: ["node floor", ...FLOORS],
    pace: { workload: flooded.name, subject: "culvert x1" },
  };
}
/** A gateway with a little traffic: enough samples for a p99, and too few requests to queue behind each other. */
const MIXED_CONCURRENCY = 4;
const MIXED = `GET 1 KiB c=${MIXED_CONCURRENCY}`;

/** Small GETs, alone and during transfers that never end. */
export const TAILS = {
  alone: `${MIXED} alone`,
  besideDownloads: `${MIXED} beside 4 downloads`,
  whileDownloadsGoPast: `${MIXED} while 4 downloads go past`,
  besideUploads: `${MIXED} beside 8 uploads`,
  whileUploadsGoPast: `${MIXED} while 8 uploads go past`,
} as const;
const TRANSFERS = { down: 4, up: 8 };

export function mixedAlone(durations: Durations): Workload {
  return {
    ...get(KIB, MIXED_CONCURRENCY, durations),
    name: TAILS.alone,
    subjects: HTTP_SUBJECTS.filter((name) => name !== "direct"),
  };
}

/**
 * During transfers through the same subject, or past it directly to the upstream. In the second case the same processes
 * need the same cores, and only the cores are shared.
 */
export function mixed(
  name: string,
  direction: "down" | "up",
  way: "through" | "past",
  durations: Durations,
): Workload {
  return {
    ...mixedAlone(durations),
    name,
    background: (subject, upstream) => ({
      ...bulkJob(way === "past" ? upstream : subject, direction, GIB, TRANSFERS[direction]),
      forever: true,
    }),
  };
}

/** Event streams as dashboards or assistants keep them: most of the time nothing happens. */
const EVENT_STREAMS = 1_000;
const EVERY_MS = 15_000;
const STEADY_PER_SECOND = 500;
export const STEADY = {
  alone: `${STEADY_PER_SECOND} GETs of 1 KiB/s`,
  besideStreams: `${STEADY_PER_SECOND} GETs of 1 KiB/s beside ${EVENT_STREAMS} event streams`,
} as const;

export function steady(durations: Durations): Workload {
  const plain = get(KIB, 16, durations);
  return {
    name: STEADY.alone,
    // One connection carries at most 512 streams.
    subjects: ["culvert x2"],
    job: (subject) => ({ ...plain.job(subject), perSecond: STEADY_PER_SECOND }),
  };
}

export function steadyBesideStreams(durations: Durations): Workload {
  return {
    ...steady(durations),
    name: STEADY.besideStreams,
    background: ({ origin, headers }) => ({
      ...{ kind: "streams", url: `${origin}/events/${EVERY_MS}`, headers, concurrency: EVENT_STREAMS },
    }),
  };
}

export function idleWebSockets(count: number, measureMs: number): Workload {
  // One connection carries at most 512 streams.
  return sockets(`${count} idle WebSockets`, [...SOCKET_SUBJECTS, "culvert x2"], {
    count,
    messageBytes: 0,
    measureMs,
  });
}

export function chattyWebSockets(count: number, measureMs: number): Workload {
  return sockets(`${count} chatty WebSockets`, [...SOCKET_SUBJECTS, ...TUNNELS], {
    count,
    messageBytes: 100,
    measureMs,
  });
}

function sockets(
  name: string,
  subjects: readonly string[],
  what: { count: number; messageBytes: number; measureMs: number },
): Workload {
  return {
    name,
    subjects,
    job: ({ origin, headers }) => ({
      kind: "websockets",
      url: `${origin.replace("http", "ws")}/echo`,
      headers,
      ...what,
    }),
  };
}

function requests(
  { origin, headers }: Subject,
  path: string,
  what: { expectBytes: number; concurrency: number } & Durations,
) {
  return { kind: "requests" as const, url: origin + path, headers, sendBytes: null, ...what };
}

export function bulkJob(subject: Subject, direction: "down" | "up", bytes: number, concurrency: number) {
  const { origin, headers } = subject;
  const [down, up] = subject.name === LIMIT ? [`/down/${bytes}`, "/up"] : [`/bytes/${bytes}`, "/sink"];
  const url = origin + (direction === "down" ? down : up);
  // The first transfer after a pause is slower, and a single one is over within one or two of the garbage collector's
  // pauses.
  const transfers = bytes < GIB ? 3 : 1;
  return { kind: "bulk" as const, url, headers, direction, bytes, concurrency, transfers };
}

export function sizeName(bytes: number): string {
  if (bytes >= GIB) return `${bytes / GIB} GiB`;
  if (bytes >= MIB) return `${bytes / MIB} MiB`;
  return bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`;
}
