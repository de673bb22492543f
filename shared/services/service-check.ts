import * as z from "zod";

/** Ten seconds between checks: three in a row that fail are noticed within half a minute. */
const DEFAULT_INTERVAL_SECONDS = 10;
/** An upstream that needs longer to connect or to answer a check has a problem. */
const DEFAULT_TIMEOUT_SECONDS = 5;
/** A service that has come back proves it twice; one that fails gets three chances. */
const DEFAULT_HEALTHY_THRESHOLD = 2;
const DEFAULT_UNHEALTHY_THRESHOLD = 3;

const pathSchema = z
  .string()
  .max(1024)
  .regex(/^\/[!"$-~]*$/, "must be a path such as /healthz, in ASCII and without a fragment");
const intervalSchema = z.int().min(1).max(3600);
const timeoutSchema = z.int().min(1).max(60);
const thresholdSchema = z.int().min(1).max(10);

/** How connectors find out whether a service's upstream works; what is absent has its default. */
export const healthCheckSchema = z.strictObject({
  /** Asked by GET, under the endpoint's own path; 200 to 399 passes. Absent: a connection is enough, with TLS where requests have it. */
  path: pathSchema.optional(),
  intervalSeconds: intervalSchema.optional(),
  timeoutSeconds: timeoutSchema.optional(),
  /** So many passes in a row end a failure. */
  healthyThreshold: thresholdSchema.optional(),
  /** So many failures in a row are one. */
  unhealthyThreshold: thresholdSchema.optional(),
});

/** One service's check as the connector is told of it. Keys that it does not know are ignored. */
const serviceCheckSchema = z.object({
  service: z.string().min(1).max(64),
  /** Origin of the upstream. */
  target: z.string().min(1).max(2048),
  /** As it goes to the upstream; null: only connect. */
  path: z.string().max(4096).nullable().default(null),
  /** Start TLS in this way before the connection counts as established. Only for tcp:// targets. */
  startTls: z.enum(["postgres"]).nullable().default(null),
  intervalSeconds: intervalSchema.default(DEFAULT_INTERVAL_SECONDS),
  timeoutSeconds: timeoutSchema.default(DEFAULT_TIMEOUT_SECONDS),
  healthyThreshold: thresholdSchema.default(DEFAULT_HEALTHY_THRESHOLD),
  unhealthyThreshold: thresholdSchema.default(DEFAULT_UNHEALTHY_THRESHOLD),
});

export type ServiceCheck = z.infer<typeof serviceCheckSchema>;

/**
 * In the list's order; null in the place of a check that this version cannot make, as a newer relay may ask for. Checks
 * beyond `maxCount` are left out. Null for what is no list.
 */
export function parseServiceChecks(json: string, maxCount: number): readonly (ServiceCheck | null)[] | null {
  try {
    const list = z.array(z.unknown()).parse(JSON.parse(json));
    return list.slice(0, maxCount).map((entry) => serviceCheckSchema.safeParse(entry).data ?? null);
  } catch {
    return null;
  }
}

/** A check with the defaults, for an upstream that no services file names. */
export function defaultCheck(service: string, target: string, path: string | null): ServiceCheck {
  return serviceCheckSchema.parse({ service, target, path });
}
