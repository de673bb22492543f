import { useState } from "hono/jsx/dom";
import type { CapturedBody, CapturedField, CapturedRequest } from "../../shared/capture/captured-request.ts";
import { ApiFailure, get } from "../api.ts";
import { Failure, bytesText } from "../parts/index.ts";

const WHY: Record<NonNullable<CapturedBody["why"]>, string> = {
  binary: "it is not text",
  encoded: "the relay cannot decode it",
  websocket: "messages are not captured",
  "no-room": "the relay was short of memory",
};

/** Loaded only on a click, because the audit log records who looked. */
export function CapturedView({ tunnelId, requestId }: { tunnelId: string; requestId: string }) {
  const [captured, setCaptured] = useState<CapturedRequest | "none" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const look = async () => {
    setError(null);
    try {
      const path = `/tunnels/${encodeURIComponent(tunnelId)}/requests/${encodeURIComponent(requestId)}/capture`;
      setCaptured(await get<CapturedRequest>(path));
    } catch (thrown) {
      if (thrown instanceof ApiFailure && thrown.code === "NOT_FOUND") setCaptured("none");
      else setError(thrown);
    }
  };
  if (captured === "none")
    return <p class="faint">This request was not captured, or its capture ended more than a day ago.</p>;
  if (captured === null) {
    return (
      <>
        {error !== null && <Failure error={error} />}
        <button type="button" class="small" onClick={() => void look()}>
          Show what was captured
        </button>
      </>
    );
  }
  const { method, path, request, response } = captured;
  return (
    <>
      <h3>Request</h3>
      <Message first={`${method} ${path}`} {...request} />
      <h3>Answer</h3>
      {response === null ? (
        <p class="faint">The upstream sent none.</p>
      ) : (
        <Message first={String(response.status)} {...response} />
      )}
    </>
  );
}

function Message({
  first,
  fields,
  body,
}: {
  first: string;
  fields: readonly CapturedField[];
  body: CapturedBody;
}) {
  return (
    <pre class="captured" tabIndex={0}>
      {[first, ...fields.map(([name, value]) => `${name}: ${value}`), "", bodyText(body)].join("\n")}
    </pre>
  );
}

function bodyText({ text, bytes, isCut, why }: CapturedBody): string {
  if (text === null) return `(${bytesText(bytes)}, not kept: ${why === null ? "unknown" : WHY[why]})`;
  return isCut ? `${text}\n(cut here)` : text;
}
