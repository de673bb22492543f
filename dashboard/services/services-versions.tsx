import { useState } from "hono/jsx/dom";
import { servicesDifference, type ServicesFile } from "../../shared/services/index.ts";
import { callApi, get } from "../api.ts";
import type { ServicesVersion } from "../api-types.ts";
import { ActionDialog, Badge, Failure, Loading, Table, Time, useEffect, usePaged } from "../parts/index.ts";
import { useCanEdit } from "../session.ts";
import { Difference } from "./difference.tsx";
import type { Stored } from "./services-editor.tsx";

/** Keeps the list short. Older versions are shown on request. */
const SHOWN_AT_ONCE = 5;

interface VersionsProps {
  tunnelPath: string;
  current: Stored;
  onRolledBack: () => void;
}

/** Earlier services files, what each changed, and a button to roll back. */
export function ServicesVersions({ tunnelPath, current, onRolledBack }: VersionsProps) {
  const path = `${tunnelPath}/services/versions?limit=${SHOWN_AT_ONCE}`;
  const { items, hasMore, error, loadMore, reload } = usePaged<ServicesVersion>(path);
  const [chosen, setChosen] = useState<ServicesVersion | null>(null);
  const canEdit = useCanEdit();
  const inForce = items?.[0]?.version;
  return (
    <section aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      {error !== null && <Failure error={error} retry={reload} />}
      {items === null && error === null && <Loading what="the versions" />}
      {items?.length === 0 && <p class="faint">No file has been saved yet.</p>}
      {items !== null && items.length > 0 && (
        <Table
          caption="Versions of the services file"
          rows={items}
          keyOf={({ version }) => String(version)}
          columns={[
            {
              title: "Version",
              cell: ({ version }) => (
                <span class="badges">
                  {version} {version === inForce && <Badge tone="good">active</Badge>}
                </span>
              ),
            },
            { title: "Since", cell: ({ at }) => <Time at={at} /> },
            {
              title: "By",
              cell: ({ actor }) =>
                actor === null ? <span class="faint">–</span> : <code class="breakable">{actor}</code>,
            },
            { title: "Changes", cell: (version) => <Changes {...version} /> },
            ...(canEdit
              ? [
                  {
                    title: "",
                    cell: (version: ServicesVersion) =>
                      version.version === inForce ? null : (
                        <button
                          type="button"
                          class="small"
                          aria-label={`Roll back to version ${version.version}`}
                          onClick={() => setChosen(version)}
                        >
                          Roll back
                        </button>
                      ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {hasMore && (
        <button type="button" class="more" onClick={loadMore}>
          Older versions
        </button>
      )}
      {chosen !== null && (
        <RollBack
          {...{ tunnelPath, current }}
          version={chosen.version}
          onClose={() => setChosen(null)}
          onDone={() => {
            setChosen(null);
            onRolledBack();
          }}
        />
      )}
    </section>
  );
}

function Changes({ changes, moreChanges, rolledBackTo }: ServicesVersion) {
  const back = rolledBackTo === null ? "" : `back to version ${rolledBackTo}: `;
  if (changes === null) return <span class="faint">{back}not known any more</span>;
  const count = changes.length + moreChanges;
  if (count === 0) return <span class="faint">{back}none</span>;
  return (
    <details>
      <summary>
        {back}
        {count} change{count === 1 ? "" : "s"}
      </summary>
      <Difference lines={changes} />
      {moreChanges > 0 && <p class="help">and {moreChanges} more</p>}
    </details>
  );
}

interface RollBackProps {
  tunnelPath: string;
  current: Stored;
  version: number;
  onClose: () => void;
  onDone: () => void;
}

/** Shows what the rollback would change before it does so. */
function RollBack({ tunnelPath, current, version, onClose, onDone }: RollBackProps) {
  const [file, setFile] = useState<ServicesFile | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    get<ServicesFile>(`${tunnelPath}/services-configuration?version=${version}`).then(setFile, setError);
  }, [version]);
  const lines = file === null ? [] : servicesDifference(current.file, file);
  return (
    <ActionDialog
      title={`Roll back to version ${version}?`}
      action="Roll back"
      disabled={lines.length === 0}
      onClose={onClose}
      act={async () => {
        const options = { body: { version }, ifMatch: current.etag };
        await callApi("POST", `${tunnelPath}/services/rollback`, options);
        onDone();
      }}
    >
      {error !== null && <Failure error={error} />}
      {file === null && error === null && <Loading what="that version" />}
      {file !== null && lines.length === 0 && <p>It is the same as the active file.</p>}
      {lines.length > 0 && <Difference lines={lines} />}
      {lines.length > 0 && <p class="help">It becomes a new version and applies from the next request on.</p>}
    </ActionDialog>
  );
}
