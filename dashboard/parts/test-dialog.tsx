import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import { Dialog, Failure } from "./parts.tsx";
import { useEffect } from "./use-effect.ts";

/** What came of a test, as the relay tells it. */
interface TestResult {
  ok: boolean;
  status: number | null;
  reason: string;
  /** The beginning of what the receiver wrote, where that is handed on. */
  answer?: string;
}

/** Sends a test at once, and says what the receiver answered: what is marked as a test needs no second question. */
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
