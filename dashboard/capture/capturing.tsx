import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import type { TunnelDetails } from "../api-types.ts";
import { ActionDialog, Time } from "../parts/index.ts";
import { useCanEdit } from "../session.ts";

/** Shown to everybody who looks at the tunnel, so that nobody's requests are captured in secret. */
export function Capturing({ tunnel, reload }: { tunnel: TunnelDetails; reload: () => void }) {
  const canEdit = useCanEdit();
  const [stopping, setStopping] = useState<string | null>(null);
  return (
    <>
      {tunnel.capturing.map(({ id, service, startedBy, endsAt }) => (
        <p class="capturing" role="status">
          <span>
            Requests of <strong>{service}</strong> are being captured, by <code>{startedBy}</code>. It ends{" "}
            <Time at={endsAt} />.
          </span>
          {canEdit && (
            <button type="button" class="small" onClick={() => setStopping(id)}>
              Stop
            </button>
          )}
        </p>
      ))}
      {stopping !== null && (
        <ActionDialog
          title="Stop capturing?"
          action="Stop"
          onClose={() => setStopping(null)}
          act={async () => {
            await callApi("POST", `/tunnels/${tunnel.id}/captures/${stopping}/stop`, { body: {} });
            setStopping(null);
            reload();
          }}
        >
          <p>Admins can see the captured requests for a day.</p>
        </ActionDialog>
      )}
    </>
  );
}
