export interface AttachedConnector {
  id: string;
  /** Of the oldest of its connections. */
  connectedAt: string;
  openStreams: number;
}

export interface DescribedObject {
  name: string;
  phase: string;
  connections: number;
  requestsPerSecond: number;
}

/** The relay's admin API, as far as a local system needs it. */
export interface AdminApi {
  createTunnel(name: string): Promise<{ id: string; token: string }>;
  putServices(tunnelId: string, file: unknown): Promise<void>;
  /** `healthy`, `degraded`, `down` or `inactive`. */
  status(tunnelId: string): Promise<string>;
  /** Those that carry it. */
  objects(tunnelId: string): Promise<DescribedObject[]>;
  /** So many objects from now on; each that goes may take so long to finish. */
  scale(tunnelId: string, objects: { min: number; max: number }, drainSeconds: number): Promise<void>;
  /** Those that are attached now. */
  connectors(tunnelId: string): Promise<AttachedConnector[]>;
}

export function adminApi(relayUrl: string, adminKey: string): AdminApi {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${relayUrl}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok)
      throw new Error(`${method} /v1${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    createTunnel: (name) => call("POST", "/tunnels", { name }),
    putServices: (tunnelId, file) => call("PUT", `/tunnels/${tunnelId}/services-configuration`, file),
    objects: async (tunnelId) =>
      (await call<{ objects: DescribedObject[] }>("GET", `/tunnels/${tunnelId}`)).objects,
    scale: async (tunnelId, objects, drainSeconds) => {
      await call("PATCH", `/tunnels/${tunnelId}`, { objects, drainSeconds });
    },
    connectors: async (tunnelId) => {
      const path = `/tunnels/${tunnelId}`;
      return (await call<{ connectors: AttachedConnector[] }>("GET", path)).connectors;
    },
    status: async (tunnelId) => (await call<{ status: string }>("GET", `/tunnels/${tunnelId}`)).status,
  };
}
