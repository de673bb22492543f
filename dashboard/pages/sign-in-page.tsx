import { useRef, useState } from "hono/jsx/dom";
import { ApiFailure, callApi } from "../api.ts";
import type { Session } from "../api-types.ts";
import { Mark, Failure, useEffect } from "../parts/index.ts";

export function SignInPage({ why, onSignedIn }: { why: string; onSignedIn: (session: Session) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Culvert";
    field.current?.focus();
  }, []);

  const submit = async () => {
    const input = field.current;
    if (input === null) return;
    setBusy(true);
    setError(null);
    try {
      const { body } = await callApi<{ session: Session }>("POST", "/session", {
        body: { key: input.value },
      });
      onSignedIn(body.session);
    } catch (thrown) {
      setError(asReason(thrown));
      setBusy(false);
      input.select();
    }
  };

  return (
    <main class="sign-in">
      <form
        method="post"
        onSubmit={(event: Event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>
          <Mark /> Culvert
        </h1>
        {why !== "" && (
          <p class="note" role="status">
            {why}
          </p>
        )}
        <label for="key">API key</label>
        <input
          id="key"
          ref={field}
          type="password"
          name="key"
          autocomplete="off"
          spellcheck={false}
          required
          aria-describedby="key-help"
        />
        <p id="key-help" class="help">
          A key from <code>culvert api-key create</code>, or the relay's <code>ADMIN_KEY</code>. It is not
          kept in this browser; the session that it opens ends after 12 hours at the latest.
        </p>
        {error !== null && <Failure error={error} />}
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

function asReason(thrown: unknown): unknown {
  if (!(thrown instanceof ApiFailure)) return thrown;
  if (thrown.code === "UNAUTHENTICATED") return new Error("This key is not valid.");
  if (thrown.code === "RATE_LIMITED") return new Error("Too many failed attempts. Wait a moment.");
  return thrown;
}
