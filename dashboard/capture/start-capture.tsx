import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import type { TunnelDetails } from "../api-types.ts";
import { ActionDialog } from "../parts/index.ts";

const MINUTES = [1, 10, 60];
const REQUESTS = [1, 20, 100];

/** Shown to admins only. The relay refuses others. */
export function StartCapture({ tunnel, reload }: { tunnel: TunnelDetails; reload: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const [service, setService] = useState(tunnel.services[0] ?? "");
  const [minutes, setMinutes] = useState("10");
  const [requests, setRequests] = useState("20");
  if (tunnel.services.length === 0) return null;
  return (
    <>
      <button type="button" class="small start-capture" onClick={() => setOpen(true)}>
        Capture requests
      </button>
      {isOpen && (
        <ActionDialog
          title="Capture requests"
          action="Start capturing"
          onClose={() => setOpen(false)}
          act={async () => {
            const body = { service, seconds: Number(minutes) * 60, maxRequests: Number(requests) };
            await callApi("POST", `/tunnels/${tunnel.id}/captures`, { body });
            setOpen(false);
            reload();
          }}
        >
          <p>
            The headers of the next requests and responses and the first 10 kB of their bodies are kept for a
            day, for admins. Values that look like secrets are removed. The audit log records the capture, and
            viewers see that it is running.
          </p>
          <Choice
            id="capture-service"
            label="Service"
            value={service}
            set={setService}
            from={tunnel.services}
          />
          <Choice
            id="capture-minutes"
            label="Minutes at most"
            value={minutes}
            set={setMinutes}
            from={MINUTES}
          />
          <Choice
            id="capture-requests"
            label="Requests at most"
            value={requests}
            set={setRequests}
            from={REQUESTS}
          />
        </ActionDialog>
      )}
    </>
  );
}

function Choice({
  id,
  label,
  value,
  set,
  from,
}: {
  id: string;
  label: string;
  value: string;
  set: (value: string) => void;
  from: readonly (string | number)[];
}) {
  return (
    <>
      <label for={id}>{label}</label>
      <select
        id={id}
        onChange={({ currentTarget }: Event) => set((currentTarget as HTMLSelectElement).value)}
      >
        {from.map((one) => (
          <option value={String(one)} selected={String(one) === value}>
            {one}
          </option>
        ))}
      </select>
    </>
  );
}
