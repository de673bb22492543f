import { repeatedKey } from "../../shared/repeated-key.ts";
import { ApiError } from "./problem.ts";

/** The body as JSON. No body counts as `{}`. Never keeps more than `maxBytes` and one chunk of it. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new ApiError("BODY_TOO_LARGE", { detail: `The body may have ${maxBytes} bytes.` });
    }
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return {};
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
      await new Blob(chunks).arrayBuffer(),
    );
    json = JSON.parse(text);
  } catch {
    throw new ApiError("INVALID_REQUEST", { problems: [{ path: "", message: "must be JSON in UTF-8" }] });
  }
  const twice = repeatedKey(text);
  if (twice === null) return json;
  const message = `the key ${JSON.stringify(twice.key)} appears twice, line ${twice.line}`;
  throw new ApiError("INVALID_REQUEST", { problems: [{ path: "", message }] });
}
