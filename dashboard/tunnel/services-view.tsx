import { useState } from "hono/jsx/dom";
import { callers, servicesDifference } from "../../shared/services/services-difference.ts";
import type { Network, Service, ServicesFile } from "../../shared/services/services-file.ts";
import { ApiFailure, callApi } from "../api.ts";
import { ActionDialog, Empty, Failure, Loading, Table } from "../parts/parts.tsx";
import { parseServices, servicesText } from "./services-text.ts";
import { useCanEdit } from "../session.ts";
import { usePolled } from "../parts/use-polled.ts";

/** A file as the relay has it. */
interface Stored {
  file: ServicesFile;
  etag: string;
}

export function ServicesView({ tunnelId, onSaved }: { tunnelId: string; onSaved: () => void }) {
  const path = `/tunnels/${tunnelId}/services-configuration`;
  const load = async (signal?: AbortSignal): Promise<Stored> => {
    const { body, etag } = await callApi<ServicesFile>("GET", path, signal === undefined ? {} : { signal });
    return { file: body, etag: etag ?? "" };
  };
  const { data, error, reload } = usePolled(path, load, null);
  const [isSaved, setSaved] = useState(false);
  const canEdit = useCanEdit();
  if (data === null) {
    return error === null ? <Loading what="the services file" /> : <Failure error={error} retry={reload} />;
  }
  const saved = () => {
    setSaved(true);
    reload();
    onSaved();
  };
  return (
    <>
      <section aria-labelledby="access-title">
        <h2 id="access-title">Who may call what</h2>
        <AccessTable file={data.file} />
      </section>
      <section aria-labelledby="file-title">
        <div class="section-head">
          <h2 id="file-title">Services file</h2>
          <p role="status" class="saved">
            {isSaved && "Saved. It holds from the next request on."}
          </p>
        </div>
        {canEdit ? (
          <Editor
            key={data.etag}
            path={path}
            stored={data}
            load={load}
            onEdit={() => setSaved(false)}
            onSaved={saved}
          />
        ) : (
          <pre class="file" tabIndex={0} aria-label="Services file">
            {servicesText(data.file)}
          </pre>
        )}
      </section>
    </>
  );
}

type Row = { name: string; leadsTo: string; rule: Service | Network };

function AccessTable({ file }: { file: ServicesFile }) {
  const rows: Row[] = [
    ...file.services.map((rule) => ({ name: rule.name, leadsTo: rule.endpoint, rule })),
    ...(file.networks ?? []).map((rule) => ({ name: "network", leadsTo: rule.hosts.join(", "), rule })),
  ];
  if (rows.length === 0) {
    return (
      <Empty title="Nothing is open">
        <p>What no rule allows is denied: without a services file this tunnel carries no traffic.</p>
      </Empty>
    );
  }
  return (
    <Table
      caption="Services and who may call them"
      rows={rows}
      keyOf={({ name, leadsTo }) => `${name} ${leadsTo}`}
      columns={[
        { title: "Service", cell: ({ name }) => <b>{name}</b> },
        { title: "Leads to", cell: ({ leadsTo }) => <code class="breakable">{leadsTo}</code> },
        {
          title: "Open to",
          cell: ({ rule }) => {
            const all = callers(rule.configurations);
            if (all.length === 0) return <span class="faint">nobody</span>;
            return (
              <ul class="plain">
                {all.map((caller) => (
                  <li>{caller}</li>
                ))}
              </ul>
            );
          },
        },
      ]}
    />
  );
}

function Editor({
  path,
  stored,
  load,
  onEdit,
  onSaved,
}: {
  path: string;
  stored: Stored;
  load: () => Promise<Stored>;
  onEdit: () => void;
  onSaved: () => void;
}) {
  const [base, setBase] = useState(stored);
  const [text, setText] = useState(servicesText(stored.file));
  const [isReviewing, setReviewing] = useState(false);
  const [theirs, setTheirs] = useState<Stored | null>(null);
  const parsed = parseServices(text);
  const changes = "file" in parsed ? servicesDifference(base.file, parsed.file) : [];

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
    <div class="editor">
      {theirs !== null && (
        <Conflict
          base={base}
          theirs={theirs}
          takeTheirs={() => settle(theirs, servicesText(theirs.file))}
          keepMine={() => settle(theirs, text)}
        />
      )}
      <textarea
        aria-label="Services file as JSON"
        aria-describedby="file-state"
        spellcheck={false}
        rows={Math.min(30, Math.max(12, text.split("\n").length + 1))}
        value={text}
        onInput={({ currentTarget }: InputEvent) => {
          setText((currentTarget as HTMLTextAreaElement).value);
          onEdit();
        }}
      />
      <div id="file-state" role="status">
        {"problems" in parsed ? (
          <Problems problems={parsed.problems} />
        ) : (
          <p class="help">{changesText(changes.length)}</p>
        )}
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
          <p class="help">They hold from the next request on.</p>
        </ActionDialog>
      )}
    </div>
  );
}

function changesText(changes: number): string {
  if (changes === 0) return "Valid. Nothing is changed.";
  return `Valid. ${changes} change${changes === 1 ? "" : "s"} to review.`;
}

const SHOWN_PROBLEMS = 10;

function Problems({ problems }: { problems: readonly { path: string; message: string }[] }) {
  return (
    <div class="note bad">
      <p>{problems.length === 1 ? "One thing is" : `${problems.length} things are`} wrong with this file:</p>
      <ul>
        {problems.slice(0, SHOWN_PROBLEMS).map(({ path, message }) => (
          <li>
            <code>{path === "" ? "the file" : path}</code> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What opens and what closes, a line each. */
function Difference({ lines }: { lines: readonly string[] }) {
  return (
    <ul class="difference" aria-label="Changes">
      {lines.map((line) => (
        <li class={line.startsWith("+") ? "added" : "removed"}>
          <span class="unseen">{line.startsWith("+") ? "added:" : "removed:"}</span>
          {line.slice(2)}
        </li>
      ))}
    </ul>
  );
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
      {lines.length === 0 ? <p>Nothing that opens or closes anything.</p> : <Difference lines={lines} />}
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
