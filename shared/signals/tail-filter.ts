import * as z from "zod";
import type { RequestEvent } from "../events/request-event.ts";

const text = z.string().min(1).max(256);

/** The filter of a watcher, from the query of `GET /v1/tunnels/{id}/tail`. All of it has to match. */
export const tailFilterSchema = z.strictObject({
  service: text.optional().describe("Name of the service, in any case"),
  status: z
    .string()
    .regex(/^[1-5](?:xx|[0-9]{2})$/i)
    .optional()
    .describe('A status such as 404, or a class such as "5xx"'),
  code: text.optional().describe('A code such as NO_CONNECTOR; "any" for every failure of the tunnel'),
  method: text.optional(),
  path: text.optional().describe('Beginning of the path; "*" stands for any characters'),
});

export type TailFilter = z.infer<typeof tailFilterSchema>;

export function matches(filter: TailFilter, event: RequestEvent): boolean {
  const { service, status, code, method, path } = filter;
  if (service !== undefined && service.toLowerCase() !== event.service.toLowerCase()) return false;
  if (status !== undefined && !matchesStatus(status.toLowerCase(), event.status)) return false;
  if (code !== undefined && (code === "any" ? event.code === null : event.code !== code)) return false;
  if (method !== undefined && method.toUpperCase() !== event.method) return false;
  return path === undefined || matchesPath(path, event.path);
}

function matchesStatus(wanted: string, status: number): boolean {
  return wanted.endsWith("xx") ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
}

/** Matches piece by piece, without backtracking, so that no pattern costs the tunnel much time. */
function matchesPath(pattern: string, path: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return true;
}
