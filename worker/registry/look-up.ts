import type { RegistryAnswer, Subject } from "../auth/index.ts";
import { formatServing, tunnelIdOf } from "../tunnel/configuration/tunnel-objects.ts";
import type { RegistryStores } from "./stores/index.ts";

type Stores = Pick<RegistryStores, "tunnels" | "objects" | "identities" | "keys" | "sessions">;

/** Answers a Worker that asks about a subject before it calls any object: see `RegistryKnowledge`. */
export function answerOf(
  { tunnels, objects, identities, keys, sessions }: Stores,
  { kind, id, tunnelId = "" }: Subject,
): RegistryAnswer {
  switch (kind) {
    case "tunnel":
      return tunnels.tunnel(id) && formatServing(objects.list(id));
    case "object": {
      const object = tunnels.tunnel(tunnelIdOf(id)) && objects.dialled(id);
      return object && (object.location ?? "");
    }
    case "token":
      return tunnels.tokenDigest(tunnelId, id);
    case "identity":
      return identities.stored(tunnelId, id) && "";
    case "gateway-key":
      return keys.gatewayKeyDigest(id);
    case "api-key":
      return keys.apiKeyDigest(id);
    case "session":
      return sessions.digest(id);
  }
}
