import type { TunnelConfig } from "../tunnel/configuration/tunnel-config.ts";
import { tunnelIdOf } from "../tunnel/configuration/tunnel-objects.ts";
import { PUSH_GUARD_MS, pushConfigs } from "./push-config.ts";
import type { PendingPush, RegistryStores } from "./stores/index.ts";

/** Applying a configuration takes an object milliseconds. */
const SEND_TIMEOUT_MS = 10_000;

/** Under the thousand calls that the platform allows one invocation. */
const PUSHES_PER_TURN = 900;

type Stores = Pick<
  RegistryStores,
  "tunnels" | "identities" | "objects" | "queue" | "keys" | "destinations" | "captures"
>;

/** Sends the configuration to one object and returns the version that it has afterwards. */
type SendConfig = (objectName: string, config: TunnelConfig) => Promise<number>;

/** The configuration for the objects of each tunnel, and which of them still have to get it. */
export class TunnelConfigs {
  readonly #stores: Stores;
  readonly #send: SendConfig;
  /** Objects that the current change takes off a list. */
  readonly #leavers: { name: string; tunnelId: string }[] = [];

  constructor(stores: Stores, send: SendConfig) {
    this.#stores = stores;
    this.#send = send;
  }

  /** The configuration for an object that asks. From then on it gets changes, if it is on the list. */
  pulledBy(objectName: string): TunnelConfig | null {
    const config = this.#config(tunnelIdOf(objectName));
    const isListed = config?.objects?.list.some(({ name }) => name === objectName) ?? false;
    // An object off the list learns where to hand requests, and gets no changes.
    if (isListed) this.#stores.objects.markPulled(objectName);
    return config;
  }

  /** An object that was taken off the list still has to learn this. Call it within the change. */
  leaves(name: string, tunnelId: string): void {
    this.#leavers.push({ name, tunnelId });
  }

  /** Queues a push to every object of the tunnel. Call it within the change. */
  enqueue(tunnelId: string, nowMs: number): void {
    const { tunnels, objects, queue } = this.#stores;
    const version = tunnels.raiseConfigVersion(tunnelId);
    if (version === null) return;
    for (const { name, pulled } of objects.of(tunnelId)) {
      if (pulled) queue.add(name, tunnelId, version, nowMs + PUSH_GUARD_MS);
    }
    for (const leaver of this.#leavers.splice(0)) {
      queue.add(leaver.name, leaver.tunnelId, version, nowMs + PUSH_GUARD_MS);
    }
  }

  /** Pushes to the objects of these tunnels. If there are very many, the alarm pushes to the rest. */
  pushTo(tunnelIds: readonly string[]): Promise<void> {
    return this.#push(tunnelIds.slice(0, PUSHES_PER_TURN).flatMap((id) => this.#stores.queue.of(id)));
  }

  /** Pushes to the objects of these tunnels, and to those that are due again. */
  pushDue(tunnelIds: readonly string[], nowMs: number): Promise<void> {
    const { queue } = this.#stores;
    return this.#push([...tunnelIds.flatMap((id) => queue.of(id)), ...queue.due(nowMs, PUSHES_PER_TURN)]);
  }

  /** Only a deleted tunnel can be forgotten. */
  forget(tunnelId: string): void {
    if (this.#stores.tunnels.forgetTunnel(tunnelId)) this.#stores.objects.removeAll(tunnelId);
  }

  #config(tunnelId: string): TunnelConfig | null {
    const { tunnels, identities, objects, keys, destinations, captures } = this.#stores;
    const config = tunnels.config(tunnelId, {
      gatewayKeys: keys.gatewayKeyDigests(),
      destinationsRevision: destinations.revision(),
    });
    const rules = captures.rules(tunnelId, Date.now());
    if (config === null) return null;
    const tokens = [...config.tokens, ...identities.digests(tunnelId)];
    return { ...config, tokens, objects: objects.list(tunnelId), captures: rules };
  }

  #push(pushes: readonly PendingPush[]): Promise<void> {
    const ports = {
      queue: this.#stores.queue,
      nowMs: () => Date.now(),
      config: (tunnelId: string) => this.#config(tunnelId),
      send: this.#send,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      settled: (tunnelId: string) => this.forget(tunnelId),
      warn: (event: object) => {
        console.warn(event);
      },
    };
    return pushConfigs(ports, pushes);
  }
}
