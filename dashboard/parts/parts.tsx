import type { Child } from "hono/jsx/dom";
import { useId, useRef, useState } from "hono/jsx/dom";
import { ApiFailure, messageOf } from "../api.ts";
import { relativeText, timeText } from "./format.ts";
import type { Tone } from "../../shared/verdict/verdict.ts";
import { useEffect } from "./use-effect.ts";

export function Badge({ tone, children }: { tone: Tone; children: Child }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** A failure, with every fault that the relay found in the request. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problems = error instanceof ApiFailure ? error.problems : [];
  return (
    <div class="note bad" role="alert">
      <p>{messageOf(error)}</p>
      {problems.length > 0 && (
        <ul>
          {problems.map(({ path, message }) => (
            <li>
              <code>{path === "" ? "the file" : path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Shown above data from before the failure, which may be out of date. */
export function Stale({ error }: { error: unknown }) {
  return error === null ? null : (
    <p class="note warn" role="status">
      Not up to date: {messageOf(error)}
    </p>
  );
}

export function Time({ at }: { at: string }) {
  return (
    <time datetime={at} title={timeText(at)}>
      {relativeText(at, Date.now())}
    </time>
  );
}

/** A receiver that does not accept anything at the moment. */
export function Failing({ error: { reason, at } }: { error: { reason: string; at: string } }) {
  return (
    <span class="stacked">
      <Badge tone="bad">failing</Badge>
      <span class="breakable">
        {reason}, <Time at={at} />
      </span>
    </span>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // The browser may refuse. The text can still be selected.
    }
  };
  return (
    <button type="button" class="small" data-first onClick={() => void copy()} aria-label={`Copy ${what}`}>
      <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
    </button>
  );
}

/** A modal dialog. It is open while it is rendered. */
export function Dialog({
  title,
  onClose,
  wide = false,
  isSticky = false,
  children,
}: {
  title: string;
  onClose: () => void;
  wide?: boolean;
  /** Only the dialog's own buttons close it: neither Esc nor a button that Enter would press by accident. */
  isSticky?: boolean;
  children: Child;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = dialog.current;
    // A browser closes a dialog at the second Esc even if the first was prevented.
    const closed = isSticky ? () => shown?.showModal() : onClose;
    const cancelled = (event: Event) => isSticky && event.preventDefault();
    shown?.showModal();
    shown?.querySelector<HTMLElement>("[data-first]")?.focus();
    shown?.addEventListener("cancel", cancelled);
    shown?.addEventListener("close", closed);
    return () => {
      // The close event comes later, when it would close the dialog that took this one's place. Moves the focus back at
      // once.
      shown?.removeEventListener("close", closed);
      shown?.removeEventListener("cancel", cancelled);
      shown?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} class={wide ? "wide" : ""} aria-labelledby={titleId}>
      <div class="dialog-head">
        <h2 id={titleId}>{title}</h2>
        {!isSticky && (
          <button type="button" class="quiet" onClick={onClose} aria-label="Close">
            ✕
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}

/** Runs `act` when the button is pressed. If that fails, the dialog stays open and shows the reason. */
export function ActionDialog({
  title,
  action,
  danger = false,
  disabled = false,
  act,
  onClose,
  children,
}: {
  title: string;
  action: string;
  danger?: boolean;
  disabled?: boolean;
  act: () => Promise<void>;
  onClose: () => void;
  children: Child;
}) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        method="post"
        onSubmit={(event: Event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {children}
        {error !== null && <Failure error={error} />}
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={danger ? "danger" : "primary"} disabled={isBusy || disabled}>
            {isBusy ? "Working…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** A secret that is shown only once. */
export function SecretDialog({
  title,
  secret,
  what,
  onClose,
  children,
}: {
  title: string;
  secret: string;
  what: string;
  onClose: () => void;
  children: Child;
}) {
  return (
    <Dialog title={title} isSticky onClose={onClose}>
      <p>
        <strong>Copy it now.</strong> The relay stores only a digest: it cannot show it again.
      </p>
      <div class="secret">
        <code data-testid="secret">{secret}</code>
        <CopyButton text={secret} what={what} />
      </div>
      {children}
      <div class="actions">
        <button type="button" class="primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}

export interface Column<T> {
  title: string;
  cell: (row: T) => Child;
  /** Numbers are aligned to the right. */
  isNumber?: boolean;
  /** On a narrow screen, two short cells, such as numbers, share a line. */
  isBrief?: boolean;
}

/** A table. On a narrow screen each row is a card, with the columns' titles beside the values. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
  maxRows = Infinity,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** How many rows to show at first. */
  maxRows?: number;
}) {
  const [hasAll, setAll] = useState(false);
  const shown = hasAll ? rows : rows.slice(0, maxRows);
  return (
    <>
      <table role="table">
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, isNumber }) => (
              <th role="columnheader" scope="col" class={isNumber === true ? "number" : ""}>
                {title === "" ? <span class="unseen">Actions</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((row) => (
            <tr role="row" key={keyOf(row)}>
              {columns.map(({ title, cell, isNumber, isBrief }) => (
                <td
                  role="cell"
                  data-title={title}
                  class={isNumber === true ? "number" : isBrief === true ? "brief" : ""}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < rows.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show all {rows.length}
        </button>
      )}
    </>
  );
}
