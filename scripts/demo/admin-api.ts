export interface AttachedConnector {
  id: string;
  /** When its oldest connection was made. */
  connectedAt: string;
  openStreams: number;
}

export interface DescribedObject {
  name: string;
  phase: string;
  connections: number;
  requestsPerSecond: number;
}

/** The parts of the relay's admin API that a local system needs. */
export interface AdminApi {
  createTunnel(name: string): Promise<{ id: string; token: string }>;
  putServices(tunnelId: string, file: unknown): Promise<void>;
  /** `healthy`, `degraded`, `down` or `inactive`. */
  status(tunnelId: string): Promise<string>;
  /** The objects that carry the tunnel. */
  objects(tunnelId: string): Promise<DescribedObject[]>;
  /** Sets how many objects carry the tunnel. An object that is removed gets this much time to finish. */
  scale(tunnelId: string, objects: { min: number; max: number }, drainSeconds: number): Promise<void>;
  /** The connectors that are attached now. */
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
