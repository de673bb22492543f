import type { Server } from "node:http";
import type { PublicCode } from "../../shared/protocol/index.ts";
import type { RequestEvent } from "../../shared/events/request-event.ts";

/** What a service responds, written as in a Worker or any fetch handler. */
export type ServiceHandler = (request: Request) => Response | Promise<Response>;

/**
 * A handler; the URL of a server that is running already, such as "http://127.0.0.1:8080", "tcp://127.0.0.1:5432" or
 * "tls://localhost:6380"; or a server of `node:http`.
 */
export type TwinService = ServiceHandler | string | Server;

/** The services file for a test. */
export interface ServicesPlan {
  /** A path, or the file's content. Without it, every binding of the gateway may call every service. */
  servicesFile?: string | object | undefined;
}

/**
 * The gateway under test: the path of the wrangler configuration that it is deployed with, or of a Worker's entry file. A
 * URL such as `new URL("../wrangler.jsonc", import.meta.url)` does not depend on the folder that a runner starts in.
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

/**
 * Failures that the twin can simulate at a service. For `ACCESS_DENIED` and unknown names use the services file: see
 * `deny`.
 */
export type TwinFaultCode = Exclude<
  PublicCode,
  "ACCESS_DENIED" | "UNKNOWN_TUNNEL" | "UNKNOWN_SERVICE" | "NO_CONNECTOR"
>;

export interface TwinOptions extends ServicesPlan {
  /**
   * The gateway's wrangler configuration, or `{ entry: "./src/index.ts" }`. If there are several, `fetch` calls the first;
   * the others are reached through its bindings, and through their routes. Other bindings run here as in `wrangler dev`.
   * Bindings that only an account has (`ai`, `vpc_services`, `remote: true`), and bindings to Workers that are not given,
   * answer with an error that says so.
   */
  gateway: TwinGateway | readonly TwinGateway[];
  /** The environment in that configuration. */
  env?: string;
  /** By name: a handler, an origin, or a server of `node:http`. */
  services: Record<string, TwinService>;
  /** Variables and secrets of the first gateway for tests, in addition to those of its configuration. */
  vars?: Record<string, string>;
  secrets?: Record<string, string>;
}

/** A gateway with its tunnel, running on this machine. */
export interface Twin {
  /** The gateway's URL, on loopback. */
  readonly url: URL;
  /** Sends a request to the gateway. A path is relative to its URL. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The requests that reached the services, in order, since the start or the last reset. */
  readonly requests: readonly ServiceRequest[];
  /** The relay's event of each finished request, in order. */
  readonly events: readonly RequestEvent[];
  /** The event of one request, by its id or by a response of the tunnel. It arrives shortly after the response. */
  event(of: string | { headers: Pick<Headers, "get"> }): Promise<RequestEvent>;

  /** From now on, requests for this service fail with this code, as if the upstream or the connector had failed. */
  fail(service: string, code: TwinFaultCode): void;
  /** From now on, requests for this service are delayed by this time. */
  slow(service: string, delayMs: number): void;
  /** From now on, responses of this service break off after this many bytes of their body. */
  cutAfter(service: string, bodyBytes: number): void;
  /** From now on, nobody may call this service: ACCESS_DENIED. */
  deny(service: string): Promise<void>;
  /** Ends these faults for one service, or for all without a name. */
  heal(service?: string): Promise<void>;
  /** From now on, the tunnel has no connector: NO_CONNECTOR. */
  disconnectConnectors(): Promise<void>;
  connectConnectors(): Promise<void>;
  /** The tunnel's object loses its memory and its connections, as in a deploy. The connector dials again. */
  restartRelay(): Promise<void>;

  /** Restores the state after the start: no fault, no recorded request, a connector. Takes milliseconds. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** One request as it reached the connector, and its outcome. */
export interface ServiceRequest {
  service: string;
  method: string;
  /** With its query, byte for byte as the gateway sent it. */
  path: string;
  /** The fields that go to the upstream, with names in lower case. */
  headers: Headers;
  project: string;
  environment: string;
  requestId: string;
  /** What a handler has read of the body so far, up to 1 MiB. Empty for services that are URLs or servers. */
  body: Buffer;
  /** Null while the request is under way. */
  outcome: { status: number | null; code: string | null; requestBytes: number; responseBytes: number } | null;
}

export interface FakeTunnelOptions extends ServicesPlan {
  /** The services by name. */
  services: Record<string, ServiceHandler>;
  /** The gateway's project, as in its binding's props. */
  project?: string;
  environment?: string;
  /** Services that fail, each with a code. */
  failures?: Record<string, TwinFaultCode>;
}
