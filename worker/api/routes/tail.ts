import { buildOf } from "../../build.ts";
import { type Env, tunnelStub } from "../../env.ts";
import { TAIL_SUBPROTOCOL } from "../../../shared/events/tail.ts";
import { tailFilterSchema } from "../../../shared/signals/tail-filter.ts";
import type { TailClaim } from "../../tunnel/configuration/claim.ts";
import type { ServingObject } from "../../tunnel/configuration/tunnel-objects.ts";
import * as z from "zod";
import { type Operation, operation } from "../operation.ts";
import { ApiError, type ProblemCode } from "../problem.ts";
import { tunnelDetails } from "../tunnel-details.ts";

const REFUSALS: Readonly<Record<number, ProblemCode>> = {
  401: "UNAUTHENTICATED",
  404: "NOT_FOUND",
  429: "TOO_MANY_WATCHERS",
};

export const tailOperations: readonly Operation[] = [
  operation({
    id: "tailTunnel",
    method: "get",
    path: "/v1/tunnels/{tunnelId}/tail",
    summary: "The requests of a tunnel as they end, on a WebSocket",
    role: "viewer",
    query: tailFilterSchema.extend({
      object: z
        .string()
        .max(80)
        .optional()
        .describe("One of the tunnel's objects. Absent: the first that serves"),
    }),
    headers: { "sec-websocket-protocol": TAIL_SUBPROTOCOL },
    success: {
      status: 101,
      description:
        'Messages `{"events": [...], "dropped": n}`; the client answers each with `{"received": n}`, the number of events that it got so far. With a thousand on their way, what follows is dropped, and counted.',
    },
    problems: ["NOT_FOUND", "UPGRADE_REQUIRED", "TOO_MANY_WATCHERS", "TUNNEL_UNAVAILABLE"],
    async run({ env, request, credential, query, param }) {
      if (!asksToWatch(request.headers)) {
        const headers = {
          upgrade: "websocket",
          connection: "Upgrade",
          "sec-websocket-protocol": TAIL_SUBPROTOCOL,
        };
        throw new ApiError("UPGRADE_REQUIRED", { detail: `Watchers speak ${TAIL_SUBPROTOCOL}.`, headers });
      }
      const tunnelId = param("tunnelId");
      const { object: name, ...filter } = query;
      const details = await tunnelDetails(env, tunnelId);
      // A tunnel that has moved has no object with its own name.
      const object = details?.objects.find((one) =>
        name === undefined ? one.phase === "serving" : one.name === name,
      );
      if (object === undefined) throw new ApiError("NOT_FOUND");
      // This call would create the object near the watcher, and it would stay there.
      if (!object.pulled) {
        const detail = "No connector has dialled this object yet.";
        throw new ApiError("TUNNEL_UNAVAILABLE", { detail, headers: { "retry-after": "1" } });
      }
      const response = await watch(env, object, {
        ...{ kind: "tail", filter, build: buildOf(env) },
        ...credential,
      });
      if (response.status === 101) return { response };
      throw new ApiError(REFUSALS[response.status] ?? "TUNNEL_UNAVAILABLE");
    },
  }),
];

async function watch(env: Env, { name, location }: ServingObject, claim: TailClaim): Promise<Response> {
  // Only the filter is passed on, because the client's request contains a key.
  const headers = { upgrade: "websocket" };
  try {
    return await tunnelStub(env, name, location).fetch("http://tunnel/tail", {
      headers,
      cf: { culvert: claim },
    });
  } catch {
    throw new ApiError("TUNNEL_UNAVAILABLE", { headers: { "retry-after": "1" } });
  }
}

function asksToWatch(headers: Headers): boolean {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  return headers.get("upgrade")?.toLowerCase() === "websocket" && offered.includes(TAIL_SUBPROTOCOL);
}
