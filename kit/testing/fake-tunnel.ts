import { TunnelError } from "../../shared/protocol/index.ts";
import { problemResponse } from "../../worker/failures/problem.ts";
import { compilePolicy, decide } from "../../worker/tunnel/configuration/access-policy.ts";
import { planServices } from "../local/services/services-plan.ts";
import type { FakeTunnelOptions } from "../local/index.ts";

/**
 * A function in place of a tunnel, for `serviceBindings` of Miniflare and its test plugins. It uses the relay's own rules
 * and error responses, in this process. It has no connector and no wire protocol: use `startTwin` for streams, WebSockets,
 * limits and timeouts.
 */
export function fakeTunnel({
  services,
  servicesFile,
  project = "my-project",
  environment = "production",
  failures = {},
}: FakeTunnelOptions): (request: Request) => Promise<Response> {
  const caller = { project, environment };
  const handlers = new Map(Object.entries(services).map(([name, handler]) => [name.toLowerCase(), handler]));
  const codes = new Map(Object.entries(failures).map(([name, code]) => [name.toLowerCase(), code]));
  const origins = new Map(Object.keys(services).map((name) => [name, `http://${name.toLowerCase()}.fake`]));
  const file = planServices({ servicesFile }, origins, [caller]);
  const policy = compilePolicy({ services: file.services, networks: file.networks ?? [] });

  return async (request) => {
    const refuse = (code: TunnelError["code"], message: string) =>
      problemResponse(new TunnelError(code, message), request.method, crypto.randomUUID());
    const path = request.url.slice(request.url.indexOf("/", "https://".length)).replace(/#.*$/s, "");
    const decision = decide(policy, caller, new URL(request.url), path.replace(/\?.*$/s, ""));
    if (!decision.allow) return refuse(decision.code, decision.message);
    const name = decision.service.toLowerCase();
    const code = codes.get(name);
    if (code !== undefined) return refuse(code, "as the test asked for");
    const handler = handlers.get(name);
    if (handler === undefined)
      return refuse("UPSTREAM_REFUSED", `services has no handler for ${decision.service}`);
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    const upstream = new Request(`${decision.target}${decision.pathPrefix}${path}`, {
      method: request.method,
      headers: request.headers,
      ...(hasBody ? { body: await request.arrayBuffer() } : {}),
    });
    return handler(upstream);
  };
}
