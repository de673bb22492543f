import type { CapturedBody, CapturedField, CapturedRequest } from "../../shared/capture/captured-request.ts";
import type { LogSettings } from "../log-settings.ts";
import { bodyText, valueOf } from "./body-text.ts";
import { redactBody, redactFields, redactPath, REDACTED, Redactor } from "./redaction/index.ts";
import type { SeenMessage, SeenRequest } from "./request-tap.ts";

/** The captured request as it may leave the object: without anything that is a secret by its name or its form. */
export async function capturedRequest(
  captureId: string,
  seen: SeenRequest,
  { redacted }: Pick<LogSettings, "redacted">,
): Promise<CapturedRequest> {
  const { open, requestId, arrivedAtMs } = seen;
  const redactor = new Redactor();
  const path = redactPath(open.path, redactor);
  const request = await messageOf(seen.request, open.kind, redactor);
  const response = seen.response && {
    status: seen.response.status,
    ...(await messageOf(seen.response, open.kind, redactor)),
  };
  const unless = (name: LogSettings["redacted"][number], text: string): string =>
    redacted.includes(name) ? REDACTED : text;
  return {
    ...{ captureId, requestId, kind: open.kind, method: open.method },
    time: new Date(arrivedAtMs).toISOString(),
    project: unless("project", open.project),
    environment: unless("environment", open.environment),
    service: unless("service", open.service),
    // This comes last, because a secret that was found in one place is removed everywhere.
    path: unless("path", redactor.again(path)),
    request: again(request, redactor),
    response: response && { status: response.status, ...again(response, redactor) },
  };
}

interface Message {
  fields: CapturedField[];
  body: CapturedBody;
}

async function messageOf(
  { fields, first, totalBytes, hadNoRoom }: SeenMessage,
  kind: CapturedRequest["kind"],
  redactor: Redactor,
): Promise<Message> {
  const clean = redactFields(fields, redactor);
  if (kind === "websocket" && totalBytes === 0)
    return { fields: clean, body: { bytes: 0, text: null, isCut: false, why: "websocket" } };
  if (hadNoRoom)
    return { fields: clean, body: { bytes: totalBytes, text: null, isCut: true, why: "no-room" } };
  const body = await bodyText(first, totalBytes, fields);
  if (body.text === null) return { fields: clean, body };
  return {
    fields: clean,
    body: { ...body, text: redactBody(body.text, valueOf(fields, "content-type"), redactor) },
  };
}

function again({ fields, body }: Message, redactor: Redactor): Message {
  return {
    fields: fields.map(([name, value]) => [redactor.again(name), redactor.again(value)] as const),
    body: body.text === null ? body : { ...body, text: redactor.again(body.text) },
  };
}
