/**
 * The relay as its next release may be, as far as this release meets it: every call between its parts has more fields than
 * today's, and so has every answer.
 */
import * as today from "../../worker/index.ts";
import type { Env } from "../../worker/env.ts";

const NEWS = { saidByTheNextRelease: { nested: [1, "two", null] } };

/** Adds fields to what crosses RPC as plain data. */
function more<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => more(item)) as T;
  const isRecord =
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isRecord ? { ...value, ...NEWS } : value;
}

type Calls = Record<string, (...args: unknown[]) => unknown>;

function stubWithNews(stub: object): object {
  return new Proxy(stub, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== "function" || typeof name !== "string") return method;
      if (name === "fetch") {
        return (request: Request, init: { cf: { culvert: object } }) =>
          (target as Calls)["fetch"]?.(request, { ...init, cf: { culvert: more(init.cf.culvert) } });
      }
      return (...args: unknown[]) => (target as Calls)[name]?.(...args.map(more));
    },
  });
}

function namespaceWithNews<T extends object>(namespace: T): T {
  return new Proxy(namespace, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => object;
      if (name === "get") return (...args: unknown[]) => stubWithNews(method.apply(target, args));
      return typeof method === "function" ? method.bind(target) : method;
    },
  });
}

function withNews(env: Env): Env {
  const { TUNNEL, REGISTRY, TELEMETRY } = env;
  return {
    ...env,
    TUNNEL: namespaceWithNews(TUNNEL),
    REGISTRY: namespaceWithNews(REGISTRY),
    TELEMETRY: namespaceWithNews(TELEMETRY),
  };
}

/** The platform calls these, not another part of the relay. */
const HOOKS = new Set(["constructor", "fetch", "alarm", "connect", "dial"]);

function next<Of extends abstract new (...args: never[]) => object>(part: Of): Of {
  const methods = part.prototype as Calls;
  for (const name of Object.getOwnPropertyNames(methods)) {
    const { value } = Object.getOwnPropertyDescriptor(methods, name) ?? {};
    if (typeof value !== "function" || HOOKS.has(name) || name.startsWith("webSocket")) continue;
    const method = value as (...args: unknown[]) => unknown;
    methods[name] = function (this: unknown, ...args: unknown[]) {
      const answer = method.apply(this, args);
      return answer instanceof Promise ? answer.then(more) : more(answer);
    };
  }
  return new Proxy(part, {
    construct: (target, [ctx, env]: [unknown, Env], self) =>
      Reflect.construct(target, [ctx, withNews(env)], self as Of) as object,
  });
}

export const TunnelBinding = next(today.TunnelBinding);
export const Tunnel = next(today.Tunnel);
export const Registry = next(today.Registry);
export const Telemetry = next(today.Telemetry);

const { app } = { app: today.default };
export default {
  fetch: (request: Request, env: Env, ctx: ExecutionContext) => app.fetch(request, withNews(env), ctx),
};
