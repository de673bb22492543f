import { useId, useState } from "hono/jsx/dom";
import {
  accessOf,
  type Draft,
  type DraftAccess,
  type DraftRule,
  listOf,
  type RuleList,
  textOf,
  withAccess,
} from "./services-draft.ts";
import type { LocatedProblem } from "./services-text.ts";

type Change = (list: RuleList, index: number, rule: DraftRule | null) => void;

interface FormProps {
  draft: Draft;
  problems: readonly LocatedProblem[];
  change: Change;
}

const NEW_ACCESS = { project: "", accessibleBy: "production" };
const NEW_RULE = {
  services: { name: "", endpoint: "http://", configurations: [NEW_ACCESS] },
  networks: { hosts: [""], configurations: [NEW_ACCESS] },
};

/** The file's rules as fields. What has no field here stays in the file. */
export function ServicesForm({ draft, problems, change }: FormProps) {
  const [added, setAdded] = useState("");
  const add = (list: RuleList) => {
    setAdded(`${list}[${draft[list].length}]`);
    change(list, draft[list].length, NEW_RULE[list]);
  };
  const rules = (list: RuleList) =>
    draft[list].map((rule, index) => {
      const path = `${list}[${index}]`;
      return (
        <Rule
          key={path}
          {...{ list, path, rule }}
          isOpen={path === added || draft.services.length + draft.networks.length === 1}
          problems={problems.filter(
            (problem) => problem.path.startsWith(`${path}.`) || problem.path === path,
          )}
          change={(changed) => change(list, index, changed)}
        />
      );
    });
  return (
    <div class="services-form">
      {rules("services")}
      {rules("networks")}
      <div class="actions start">
        <button type="button" onClick={() => add("services")}>
          Add a service
        </button>
        <button type="button" onClick={() => add("networks")}>
          Add hosts
        </button>
      </div>
    </div>
  );
}

interface RuleProps {
  list: RuleList;
  path: string;
  rule: DraftRule;
  isOpen: boolean;
  problems: readonly LocatedProblem[];
  change: (rule: DraftRule | null) => void;
}

function Rule({ list, path, rule, isOpen, problems, change }: RuleProps) {
  const access = accessOf(rule);
  const hosts = Array.isArray(rule["hosts"]) ? rule["hosts"].map(textOf) : [];
  const title = (list === "services" ? textOf(rule["name"]) : hosts.join(", ")) || "unnamed";
  const of = (part: string) => problems.filter((problem) => problem.path.startsWith(`${path}.${part}`));
  const set = (name: string, value: unknown) => change({ ...rule, [name]: value });
  return (
    <details class="rule" open={isOpen}>
      <summary>
        <b class="breakable">{title}</b> <span class="faint breakable">{textOf(rule["endpoint"])}</span>
        {problems.length > 0 && <span class="badge bad">{problems.length} wrong</span>}
      </summary>
      {list === "services" ? (
        <>
          <Field
            title="Name"
            value={textOf(rule["name"])}
            problems={of("name")}
            change={(text) => set("name", text)}
          />
          <Field
            title="Endpoint"
            value={textOf(rule["endpoint"])}
            problems={of("endpoint")}
            change={(text) => set("endpoint", text)}
          />
        </>
      ) : (
        <ListField
          title="Hosts"
          values={hosts}
          problems={of("hosts")}
          change={(values) => set("hosts", values)}
        />
      )}
      <fieldset>
        <legend>Open to</legend>
        {access.length === 0 && <p class="help">Nobody may call it yet.</p>}
        {access.map((one, index) => (
          <Access
            access={one}
            number={index + 1}
            problems={of(`configurations[${index}]`)}
            change={(changed) => change(withAccess(rule, index, changed))}
          />
        ))}
        <button
          type="button"
          class="small"
          onClick={() =>
            change(withAccess(rule, access.length, { project: "", environments: ["production"] }))
          }
        >
          Add a caller
        </button>
      </fieldset>
      <div class="actions start">
        <button
          type="button"
          class="small danger"
          aria-label={`Remove ${title}`}
          onClick={() => change(null)}
        >
          Remove
        </button>
      </div>
    </details>
  );
}

interface AccessProps {
  access: DraftAccess;
  number: number;
  problems: readonly LocatedProblem[];
  change: (access: DraftAccess | null) => void;
}

function Access({ access, number, problems, change }: AccessProps) {
  const isOf = (part: string) => problems.filter(({ path }) => path.includes(`.${part}`));
  return (
    <div class="access" role="group" aria-label={`Caller ${number}`}>
      <Field
        title="Project"
        value={access.project}
        problems={isOf("project")}
        change={(project) => change({ ...access, project })}
      />
      <ListField
        title="Environments"
        values={access.environments}
        problems={isOf("accessibleBy")}
        change={(environments) => change({ ...access, environments })}
      />
      <button type="button" class="small" aria-label={`Remove caller ${number}`} onClick={() => change(null)}>
        ✕
      </button>
    </div>
  );
}

interface FieldProps<T> {
  title: string;
  problems: readonly LocatedProblem[];
  change: (value: T) => void;
}

function Field({ title, value, problems, change }: FieldProps<string> & { value: string }) {
  const id = useId();
  return (
    <div>
      <label for={id}>{title}</label>
      <input
        id={id}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={problems.length > 0 ? "true" : "false"}
        aria-describedby={problems.length > 0 ? `${id}-wrong` : undefined}
        onInput={({ currentTarget }: InputEvent) => change((currentTarget as HTMLInputElement).value)}
      />
      {problems.length > 0 && (
        <p class="wrong" id={`${id}-wrong`}>
          {problems.map(({ message }) => message).join("; ")}
        </p>
      )}
    </div>
  );
}

/**
 * Several values, separated by commas. While somebody types, the text is not reformatted as long as its values are the
 * same.
 */
function ListField({ values, change, ...field }: FieldProps<string[]> & { values: readonly string[] }) {
  const [typed, setTyped] = useState("");
  const isSame = listOf(typed).join() === values.join();
  return (
    <Field
      {...field}
      value={isSame ? typed : values.join(", ")}
      change={(text) => {
        setTyped(text);
        change(listOf(text));
      }}
    />
  );
}
