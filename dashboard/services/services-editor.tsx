import { useState } from "hono/jsx/dom";
import { servicesDifference, type ServicesFile } from "../../shared/services/index.ts";
import { ApiFailure, callApi } from "../api.ts";
import { ActionDialog } from "../parts/index.ts";
import { Difference } from "./difference.tsx";
import { FilePane } from "./file-pane.tsx";
import { draftOf, withRule } from "./services-draft.ts";
import { ServicesForm } from "./services-form.tsx";
import { parseServices, servicesText } from "./services-text.ts";

/** The file as the relay has stored it. */
export interface Stored {
  file: ServicesFile;
  etag: string;
}

interface EditorProps {
  path: string;
  stored: Stored;
  load: () => Promise<Stored>;
  onEdit: () => void;
  onSaved: () => void;
}

/** Form and file side by side: two views of one text. */
export function ServicesEditor({ path, stored, load, onEdit, onSaved }: EditorProps) {
  const [base, setBase] = useState(stored);
  const [text, setText] = useState(servicesText(stored.file));
  const [isReviewing, setReviewing] = useState(false);
  const [theirs, setTheirs] = useState<Stored | null>(null);
  const parsed = parseServices(text);
  const problems = "problems" in parsed ? parsed.problems : [];
  const changes = "file" in parsed ? servicesDifference(base.file, parsed.file) : [];
  const draft = draftOf(text);
  const edit = (edited: string) => {
    setText(edited);
    onEdit();
  };

  const save = async () => {
    if (!("file" in parsed)) return;
    try {
      await callApi("PUT", path, { body: parsed.file, ifMatch: base.etag });
    } catch (thrown) {
      if (!(thrown instanceof ApiFailure) || thrown.code !== "PRECONDITION_FAILED") throw thrown;
      setTheirs(await load());
      setReviewing(false);
      return;
    }
    setReviewing(false);
    onSaved();
  };
  const settle = (kept: Stored, newText: string) => {
    setBase(kept);
    setText(newText);
    setTheirs(null);
  };

  return (
    <div>
      {theirs !== null && (
        <Conflict
          base={base}
          theirs={theirs}
          takeTheirs={() => settle(theirs, servicesText(theirs.file))}
          keepMine={() => settle(theirs, text)}
        />
      )}
      <div class="services-editor">
        <section aria-label="Form">
          {draft === null ? (
            <p class="note warn">The form returns as soon as the file is JSON with a list of services.</p>
          ) : (
            <ServicesForm
              draft={draft}
              problems={problems}
              change={(list, index, rule) => edit(withRule(text, list, index, rule))}
            />
          )}
        </section>
        <section aria-label="File">
          <FilePane text={text} problems={problems} state={changesText(changes.length)} change={edit} />
        </section>
      </div>
      <div class="actions">
        <button
          type="button"
          disabled={text === servicesText(base.file)}
          onClick={() => settle(base, servicesText(base.file))}
        >
          Discard
        </button>
        <button
          type="button"
          class="primary"
          disabled={changes.length === 0 || theirs !== null}
          onClick={() => setReviewing(true)}
        >
          Review changes
        </button>
      </div>
      {isReviewing && (
        <ActionDialog
          title="Save these changes?"
          action="Save"
          act={save}
          onClose={() => setReviewing(false)}
        >
          <Difference lines={changes} />
          <p class="help">They apply from the next request on.</p>
        </ActionDialog>
      )}
    </div>
  );
}

function changesText(changes: number): string {
  if (changes === 0) return "Valid. No changes.";
  return `Valid. ${changes} change${changes === 1 ? "" : "s"} to review.`;
}

function Conflict({
  base,
  theirs,
  takeTheirs,
  keepMine,
}: {
  base: Stored;
  theirs: Stored;
  takeTheirs: () => void;
  keepMine: () => void;
}) {
  const lines = servicesDifference(base.file, theirs.file);
  return (
    <div class="note warn" role="alert">
      <p>Somebody else saved this file in the meantime. Yours is not saved. This is what they changed:</p>
      {lines.length === 0 ? <p>These changes affect nobody's access.</p> : <Difference lines={lines} />}
      <div class="actions">
        <button type="button" onClick={takeTheirs}>
          Take theirs
        </button>
        <button type="button" onClick={keepMine}>
          Keep my text and compare with theirs
        </button>
      </div>
    </div>
  );
}
