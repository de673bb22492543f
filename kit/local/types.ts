import type { Server } from "node:http";
import type { PublicCode } from "../../shared/protocol/index.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";

/** What a service answers, as a Worker or a fetch handler would. */
export type ServiceHandler = (request: Request) => Response | Promise<Response>;

/**
 * A handler; where a server runs already, such as "http://127.0.0.1:8080", "tcp://127.0.0.1:5432" or "tls://localhost:6380";
 * or a server of `node:http`.
 */
export type TwinService = ServiceHandler | string | Server;

/** The services file that a test runs with. */
export interface ServicesPlan {
  /** Absent: every service is open to every binding of the gateway. A path, or the file's content. */
  servicesFile?: string | object | undefined;
}

/**
 * The gateway under test: the path of its wrangler configuration as it is deployed, or of a Worker's entry file; a URL such
 * as `new URL("../wrangler.jsonc", import.meta.url)` is one that does not depend on the folder that a runner starts in.
 */
export type TwinGateway =
  | string
  | URL
  | { entry: string | URL; vars?: Record<string, string>; props?: Partial<GatewayProps> };

export interface GatewayProps {
  tunnel: string;
  project: string;
  environment: string;
}

/** What can be played at a service. `ACCESS_DENIED` and the unknown names are the services file's: see `deny`. */
export type TwinFaultCode = Exclude<
  PublicCode,
  "ACCESS_DENIED" | "UNKNOWN_TUNNEL" | "UNKNOWN_SERVICE" | "NO_CONNECTOR"
>;

export interface TwinOptions extends ServicesPlan {
  /**
   * The gateway's wrangler configuration, or `{ entry: "./src/index.ts" }`. Of several, `fetch` calls the first; the
   * others are reached by its bindings, and by their routes. What its bindings lead to runs here as `wrangler dev` would
   * run it; those that only an account has (`ai`, `vpc_services`, `remote: true`), and Workers that are not given, answer
   * that they are not here.
   */
  gateway: TwinGateway | readonly TwinGateway[];
  /** Of that configuration. */
  env?: string;
  /** By name: a handler, a URL's origin, or a server of `node:http`. */
  services: Record<string, TwinService>;
  /** Test-only variables and secrets of the first gateway, beside those of its configuration. */
  vars?: Record<string, string>;
  secrets?: Record<string, string>;
}

/** A gateway with its tunnel, running on this machine. */
export interface Twin {
  /** Of the gateway, on loopback. */
  readonly url: URL;
  /** To the gateway; a path is relative to its URL. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** What reached the services, in order, since the start or the last reset. */
  readonly requests: readonly ServiceRequest[];
  /** What the relay logged of each request that is over, in order. */
  readonly events: readonly RequestEvent[];
  /** The event of one request, by its id or by an answer of the tunnel's own; it comes a moment after the answer. */
  event(of: string | { headers: Pick<Headers, "get"> }): Promise<RequestEvent>;

  /** From now on requests for this service fail with this code, as if its upstream or its connector had failed so. */
  fail(service: string, code: TwinFaultCode): void;
  /** From now on requests for this service wait before it gets them. */
  slow(service: string, delayMs: number): void;
  /** From now on answers of this service break off after so many bytes of their body. */
  cutAfter(service: string, bodyBytes: number): void;
  /** From now on nobody may call this service: ACCESS_DENIED. */
  deny(service: string): Promise<void>;
  /** Ends these faults; without a name, those of every service. */
  heal(service?: string): Promise<void>;
  /** The tunnel has no connector any more: NO_CONNECTOR. */
  disconnectConnectors(): Promise<void>;
  connectConnectors(): Promise<void>;
  /** The tunnel's object loses its memory and its connections, as in a deploy; the connector dials again. */
  restartRelay(): Promise<void>;

  /** As it was after the start: no fault, no request, a connector. Takes milliseconds. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** One request as it reached the connector, with what became of it. */
export interface ServiceRequest {
  service: string;
  method: string;
  /** With its query, byte for byte. */
  path: string;
  /** As they go upstream; names in lower case. */
  headers: Headers;
  project: string;
  environment: string;
  requestId: string;
  /** What a handler got of the body so far, up to a mebibyte; empty for services that are URLs or servers. */
  body: Buffer;
  /** Null while it is under way. */
  outcome: { status: number | null; code: string | null; requestBytes: number; responseBytes: number } | null;
}

export interface FakeTunnelOptions extends ServicesPlan {
  /** By name. */
  services: Record<string, ServiceHandler>;
  /** Who the gateway is, as its binding's props say. */
  project?: string;
  environment?: string;
  /** Services that fail, each with its code. */
  failures?: Record<string, TwinFaultCode>;
}
