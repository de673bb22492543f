import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import { Dialog, Failure } from "./parts.tsx";
import { useEffect } from "./use-effect.ts";

/** The result of a test, as the relay reports it. */
interface TestResult {
  ok: boolean;
  status: number | null;
  reason: string;
  /** The beginning of the receiver's answer, if the relay passes it on. */
  answer?: string;
}

/**
 * Sends a test at once and shows the receiver's answer. It needs no confirmation, because the event is marked as a test.
 */
export function TestDialog({ name, path, onClose }: { name: string; path: string; onClose: () => void }) {
  const [result, setResult] = useState<TestResult | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    callApi<TestResult>("POST", path, { body: {} }).then(({ body }) => setResult(body), setError);
  }, [path]);
  return (
    <Dialog title={`Test of ${name}`} onClose={onClose}>
      {error !== null && <Failure error={error} />}
      {result === null && error === null && <p role="status">Sending…</p>}
      {result !== null && <Outcome {...result} />}
      <div class="actions">
        <button type="button" class="primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function Outcome({ ok, status, reason, answer = "" }: TestResult) {
  return (
    <>
      <p class={ok ? "note good" : "note bad"} role={ok ? "status" : "alert"}>
        {ok ? "The receiver accepted it." : `The receiver did not accept it: ${reason}.`}
        {status !== null && ` The receiver answered ${status}.`}
      </p>
      {answer !== "" && (
        <pre class="file" tabIndex={0} aria-label="The receiver's answer">
          {answer}
        </pre>
      )}
    </>
  );
}
