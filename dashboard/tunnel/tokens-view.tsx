import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import type { NewToken, Token, TunnelDetails } from "../api-types.ts";
import { ActionDialog, Badge, SecretDialog, Table, Time } from "../parts/index.ts";
import { useCanEdit } from "../session.ts";

const OVERLAPS: readonly { seconds: number; title: string }[] = [
  { seconds: 3600, title: "for one hour" },
  { seconds: 86_400, title: "for one day" },
  { seconds: 604_800, title: "for a week" },
  { seconds: 0, title: "not at all: revoke them and close their connections now" },
];

export function TokensView({ tunnel, onChange }: { tunnel: TunnelDetails; onChange: () => void }) {
  const [isRotating, setRotating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const canEdit = useCanEdit();
  return (
    <section aria-labelledby="tokens-title">
      <div class="section-head">
        <h2 id="tokens-title">Tokens of the connectors</h2>
        {canEdit && (
          <button type="button" class="primary" onClick={() => setRotating(true)}>
            Rotate
          </button>
        )}
      </div>
      <Table
        caption="Tokens"
        rows={tunnel.tokens}
        keyOf={({ kid }) => kid}
        columns={[
          { title: "Token", cell: ({ kid }) => <code>{kid}</code> },
          { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
          {
            title: "Ends",
            cell: ({ expiresAt }) =>
              expiresAt === null ? (
                <span class="faint">when revoked</span>
              ) : (
                <Badge tone="warn">
                  <Time at={expiresAt} />
                </Badge>
              ),
          },
          {
            title: "Last connected",
            cell: ({ lastUsedAt }) =>
              lastUsedAt === null ? <span class="faint">never</span> : <Time at={lastUsedAt} />,
          },
          { title: "Connectors", isNumber: true, cell: ({ connectors }) => connectors },
          ...(canEdit
            ? [
                {
                  title: "",
                  cell: (token: Token) => (
                    <button
                      type="button"
                      class="small danger"
                      aria-label={`Revoke ${token.kid}`}
                      onClick={() => setRevoking(token)}
                    >
                      Revoke
                    </button>
                  ),
                },
              ]
            : []),
        ]}
      />
      {isRotating && (
        <Rotate
          tunnel={tunnel}
          onClose={() => {
            setRotating(false);
            onChange();
          }}
        />
      )}
      {revoking !== null && (
        <ActionDialog
          title="Revoke this token?"
          action="Revoke"
          danger
          onClose={() => setRevoking(null)}
          act={async () => {
            await callApi("DELETE", `/tunnels/${tunnel.id}/tokens/${revoking.kid}`);
            setRevoking(null);
            onChange();
          }}
        >
          <p>
            <code>{revoking.kid}</code> stops working at once, and{" "}
            {revoking.connectors === 0
              ? "no connector is attached with it."
              : `the connections of ${revoking.connectors} connector${revoking.connectors === 1 ? "" : "s"} are closed within a second.`}
          </p>
        </ActionDialog>
      )}
    </section>
  );
}

function Rotate({ tunnel, onClose }: { tunnel: TunnelDetails; onClose: () => void }) {
  const [overlapSeconds, setOverlap] = useState(3600);
  const [made, setMade] = useState<NewToken | null>(null);
  const endMs = Date.now() + overlapSeconds * 1_000;
  const shortened = tunnel.tokens.filter(
    ({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) > endMs,
  );
  if (made !== null) {
    return (
      <SecretDialog title="The new token" secret={made.token} what="the token" onClose={onClose}>
        <p>
          Its id is <code>{made.kid}</code>. Give it to the connectors as <code>TUNNEL_TOKEN</code>
          {overlapSeconds > 0 ? " before the older ones expire." : ": the older ones are no longer valid."}
        </p>
      </SecretDialog>
    );
  }
  return (
    <ActionDialog
      title="Rotate the token"
      action="Create a new token"
      danger={overlapSeconds === 0}
      onClose={onClose}
      act={async () => {
        const { body } = await callApi<NewToken>("POST", `/tunnels/${tunnel.id}/tokens`, {
          body: { overlapSeconds },
        });
        setMade(body);
      }}
    >
      <label for="overlap">The older tokens stay valid</label>
      <select
        id="overlap"
        value={String(overlapSeconds)}
        onInput={({ currentTarget }: InputEvent) =>
          setOverlap(Number((currentTarget as HTMLSelectElement).value))
        }
      >
        {OVERLAPS.map(({ seconds, title }) => (
          <option value={String(seconds)}>{title}</option>
        ))}
      </select>
      {shortened.length > 0 && (
        <p class="note warn" role="status">
          An earlier rotation lets {shortened.map(({ kid }) => kid).join(", ")} hold for longer: with this, it
          ends sooner.
        </p>
      )}
    </ActionDialog>
  );
}
