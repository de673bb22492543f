import { type TunnelBinding, tunnelError } from "culvert-tunnel/gateway";
import { isKnownCaller } from "./policy.ts";
import { serviceFor } from "./routes.ts";

export interface Env {
  TUNNEL: TunnelBinding;
  /** The key that callers of this gateway send in `x-api-key`. */
  GATEWAY_API_KEY: string;
}

export default {
  async fetch(request, env) {
    if (!(await isKnownCaller(request, env.GATEWAY_API_KEY))) {
      return Response.json({ message: "Send your key in x-api-key." }, { status: 401 });
    }
    const target = serviceFor(request.url);
    if (target === null) return Response.json({ message: "No such route." }, { status: 404 });

    const upstream = new Request(target, request);
    upstream.headers.delete("x-api-key");
    const response = await env.TUNNEL.fetch(upstream);

    // Null means that the API itself answered. Its response is passed on unchanged, also streams and WebSockets.
    const failure = tunnelError(response);
    if (failure === null) return response;
    console.error(`${failure.code} ${failure.requestId}: ${failure.detail}`);
    const headers = failure.retryable ? { "retry-after": "1" } : undefined;
    return Response.json({ message: "The service is unavailable." }, { status: failure.status, headers });
  },
} satisfies ExportedHandler<Env>;
