import { Hono } from "hono";
import { dashboardAsset, dashboardPage, frontDoor } from "./dashboard/page.ts";
import { describeSession, signIn, signOut } from "./dashboard/session-routes.ts";
import type { Env } from "./env.ts";
import { gatewayRoute } from "./gateway-route.ts";
import { isUnknownMethod } from "./objects/ask-object.ts";
import {
  alertOperations,
  auditLogOperations,
  captureOperations,
  connect,
  keyOperations,
  identityOperations,
  logDestinationOperations,
  requestOperations,
  servicesConfigurationOperations,
  tailOperations,
  telemetryOperations,
  tunnelOperations,
} from "./api/routes/index.ts";
import {
  authenticate,
  inTime,
  openApiDocument,
  ApiError,
  apiProblemResponse,
  referencePage,
} from "./api/index.ts";

const operations = [
  ...tunnelOperations,
  ...identityOperations,
  ...servicesConfigurationOperations,
  ...keyOperations,
  ...auditLogOperations,
  ...tailOperations,
  ...requestOperations,
  ...captureOperations,
  ...logDestinationOperations,
  ...alertOperations,
  ...telemetryOperations,
];

/** Everything that reaches the relay over HTTP. */
export const app = new Hono<{ Bindings: Env }>();

app.get("/healthz", () => Response.json({ status: "ok" }));
app.get("/", (c) => frontDoor(c.req.raw));
app.get("/dashboard/assets/:name", (c) => dashboardAsset(c.req.raw, c.req.param("name")));
app.get("/dashboard/*", () => dashboardPage());
app.post("/v1/session", (c) => inTime(signIn(c.req.raw, c.env, Date.now())));
app.get("/v1/session", (c) => inTime(describeSession(c.req.raw, c.env, Date.now())));
app.delete("/v1/session", (c) => inTime(signOut(c.req.raw, c.env, Date.now())));
app.get("/v1/connect", (c) => connect(c.req.raw, c.env, Date.now()));
app.all("/~/*", (c) => gatewayRoute(c.req.raw, c.env, Date.now(), (work) => c.executionCtx.waitUntil(work)));
app.get("/v1/openapi.json", () => Response.json(openApiDocument(operations)));
app.get("/v1/docs", () => referencePage(openApiDocument(operations)));

for (const operation of operations) {
  app.on(operation.method, honoPath(operation.path), async (c) => {
    const request = c.req.raw;
    const { role, by, credential } = await inTime(authenticate(request, c.env, Date.now()));
    if (operation.role === "admin" && role !== "admin") throw new ApiError("FORBIDDEN");
    return operation.respond({
      env: c.env,
      request,
      role,
      by,
      credential,
      param: (name) => c.req.param(name) ?? "",
    });
  });
}

for (const [path, methods] of Map.groupBy(operations, (operation) => operation.path)) {
  const allow = methods.map(({ method }) => method.toUpperCase()).join(", ");
  app.all(honoPath(path), () => {
    throw new ApiError("METHOD_NOT_ALLOWED", { headers: { allow } });
  });
}

app.notFound(() => apiProblemResponse(new ApiError("NOT_FOUND")));

app.onError((error) => {
  // The object still runs an older version, and changes to this one when it sleeps: see docs/upgrading.md.
  if (isUnknownMethod(error))
    return apiProblemResponse(new ApiError("RELAY_UPDATING", { headers: { "retry-after": "60" } }));
  if (!(error instanceof ApiError))
    console.error({ event: "api_failed", error: error.message, stack: error.stack });
  return apiProblemResponse(error);
});

/** `/v1/tunnels/{tunnelId}` as hono writes it. */
function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}
