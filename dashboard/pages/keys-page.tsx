import type { Child } from "hono/jsx/dom";
import { useState } from "hono/jsx/dom";
import { callApi } from "../api.ts";
import type { ApiKey, GatewayKey, Role } from "../api-types.ts";
import { PageTitle } from "../navigation.tsx";
import {
  ActionDialog,
  type Column,
  Empty,
  Failure,
  Loading,
  SecretDialog,
  Table,
  Time,
  usePaged,
} from "../parts/index.ts";
import { useCanEdit } from "../session.ts";

export function KeysPage() {
  return (
    <>
      <PageTitle title="Keys" />
      <KeySection<GatewayKey>
        path="/gateway-keys"
        title="Gateway keys"
        about="A gateway outside the account uses one of these keys to call as one project and environment."
        columns={[
          { title: "Project", cell: ({ project }) => project },
          { title: "Environment", cell: ({ environment }) => environment },
          { title: "Public URL", cell: ({ publicUrl }) => publicUrl ?? "" },
        ]}
        form={GatewayKeyForm}
      />
      <KeySection<ApiKey>
        path="/api-keys"
        title="API keys"
        about="For the admin API, the culvert command and this dashboard. Deleting a key signs out everyone who signed in with it."
        columns={[
          { title: "Name", cell: ({ name }) => name ?? "" },
          { title: "Role", cell: ({ role }) => role },
          {
            title: "Last used",
            cell: ({ lastUsedAt }) => (lastUsedAt === null ? "" : <Time at={lastUsedAt} />),
          },
          { title: "Ends", cell: ({ expiresAt }) => (expiresAt === null ? "" : <Time at={expiresAt} />) },
        ]}
        form={ApiKeyForm}
      />
    </>
  );
}

interface FormProps {
  change: (body: Record<string, string>) => void;
}

function KeySection<T extends { kid: string; createdAt: string }>({
  path,
  title,
  about,
  columns,
  form: Form,
}: {
  path: string;
  title: string;
  about: string;
  columns: readonly Column<T>[];
  form: (props: FormProps) => Child;
}) {
  const { items, hasMore, error, loadMore, reload } = usePaged<T>(path);
  const [body, setBody] = useState<Record<string, string> | null>(null);
  const [made, setMade] = useState<{ kid: string; key: string } | null>(null);
  const [deleting, setDeleting] = useState<T | null>(null);
  const canEdit = useCanEdit();
  const headingId = `title-of${path.replace("/", "-")}`;
  const remove: Column<T> = {
    title: "",
    cell: (key) => (
      <button
        type="button"
        class="small danger"
        aria-label={`Delete ${key.kid}`}
        onClick={() => setDeleting(key)}
      >
        Delete
      </button>
    ),
  };
  return (
    <section aria-labelledby={headingId}>
      <div class="section-head">
        <h2 id={headingId}>{title}</h2>
        {canEdit && (
          <button type="button" onClick={() => setBody({})}>
            Make a key
          </button>
        )}
      </div>
      <p class="lead">{about}</p>
      {error !== null && <Failure error={error} retry={reload} />}
      {items === null && error === null && <Loading what="the keys" />}
      {items?.length === 0 && <Empty title="There is none yet" />}
      {items !== null && items.length > 0 && (
        <Table
          caption={title}
          rows={items}
          keyOf={({ kid }) => kid}
          columns={[
            { title: "Key", cell: ({ kid }) => <code>{kid}</code> },
            ...columns,
            { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
            ...(canEdit ? [remove] : []),
          ]}
        />
      )}
      {hasMore && (
        <button type="button" onClick={loadMore}>
          Show more
        </button>
      )}
      {body !== null && (
        <ActionDialog
          title="Make a key"
          action="Create it"
          onClose={() => setBody(null)}
          act={async () => {
            setMade((await callApi<{ kid: string; key: string }>("POST", path, { body })).body);
            setBody(null);
          }}
        >
          <Form change={setBody} />
        </ActionDialog>
      )}
      {made !== null && (
        <SecretDialog
          title="The new key"
          secret={made.key}
          what="the key"
          onClose={() => {
            setMade(null);
            reload();
          }}
        >
          <p>
            Its id is <code>{made.kid}</code>.
          </p>
        </SecretDialog>
      )}
      {deleting !== null && (
        <ActionDialog
          title="Delete this key?"
          action="Delete"
          danger
          onClose={() => setDeleting(null)}
          act={async () => {
            await callApi("DELETE", `${path}/${deleting.kid}`);
            setDeleting(null);
            reload();
          }}
        >
          <p>
            <code>{deleting.kid}</code> stops working at once.
          </p>
        </ActionDialog>
      )}
    </section>
  );
}

function GatewayKeyForm({ change }: FormProps) {
  const [project, setProject] = useState("");
  const [environment, setEnvironment] = useState("production");
  return (
    <>
      <label for="project">Project</label>
      <input
        id="project"
        value={project}
        required
        autocomplete="off"
        onInput={({ currentTarget }: InputEvent) => {
          const { value } = currentTarget as HTMLInputElement;
          setProject(value);
          change({ project: value, environment });
        }}
      />
      <label for="environment">Environment</label>
      <input
        id="environment"
        value={environment}
        required
        autocomplete="off"
        onInput={({ currentTarget }: InputEvent) => {
          const { value } = currentTarget as HTMLInputElement;
          setEnvironment(value);
          change({ project, environment: value });
        }}
      />
    </>
  );
}

function ApiKeyForm({ change }: FormProps) {
  const [role, setRole] = useState<Role | "">("");
  const [name, setName] = useState("");
  const say = (said: { role: Role | ""; name: string }) =>
    change(said.name === "" ? { role: said.role } : said);
  return (
    <>
      <label for="key-name">Name</label>
      <input
        id="key-name"
        value={name}
        autocomplete="off"
        maxlength={64}
        onInput={({ currentTarget }: InputEvent) => {
          const { value } = currentTarget as HTMLInputElement;
          setName(value);
          say({ role, name: value });
        }}
      />
      <label for="role">Role</label>
      <select
        id="role"
        value={role}
        required
        onInput={({ currentTarget }: InputEvent) => {
          const value = (currentTarget as HTMLSelectElement).value as Role;
          setRole(value);
          say({ role: value, name });
        }}
      >
        <option value="">choose…</option>
        <option value="viewer">viewer: reads</option>
        <option value="admin">admin: reads and writes</option>
      </select>
    </>
  );
}
