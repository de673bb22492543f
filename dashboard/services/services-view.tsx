import { useState } from "hono/jsx/dom";
import type { ServicesFile } from "../../shared/services/index.ts";
import { callApi } from "../api.ts";
import { Failure, Loading, usePolled } from "../parts/index.ts";
import { useCanEdit } from "../session.ts";
import { AccessTable } from "./access-table.tsx";
import { ServicesEditor, type Stored } from "./services-editor.tsx";
import { servicesText } from "./services-text.ts";
import { ServicesVersions } from "./services-versions.tsx";

export function ServicesView({ tunnelId, onSaved }: { tunnelId: string; onSaved: () => void }) {
  const tunnelPath = `/tunnels/${tunnelId}`;
  const path = `${tunnelPath}/services-configuration`;
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
          <h2 id="file-title">{canEdit ? "Edit the services file" : "Services file"}</h2>
          <p role="status" class="saved">
            {isSaved && "Saved. It applies from the next request on."}
          </p>
        </div>
        {canEdit ? (
          <ServicesEditor
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
      <ServicesVersions key={data.etag} tunnelPath={tunnelPath} current={data} onRolledBack={saved} />
    </>
  );
}
