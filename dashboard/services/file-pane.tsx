import { useRef } from "hono/jsx/dom";
import type { LocatedProblem } from "./services-text.ts";

const MIN_LINES = 12;
const MAX_LINES = 30;
const SHOWN_PROBLEMS = 10;

interface PaneProps {
  text: string;
  problems: readonly LocatedProblem[];
  /** The text that is shown if there are no problems. */
  state: string;
  change: (text: string) => void;
}

/** The file with line numbers. Problems are listed below it, with links to their lines. */
export function FilePane({ text, problems, state, change }: PaneProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const lines = text.split("\n");
  const faulty = new Set(problems.map(({ line }) => line));
  const goTo = (line: number) => {
    const element = field.current;
    if (element === null) return;
    const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
    element.focus();
    element.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    element.scrollTop = (element.scrollHeight / lines.length) * Math.max(0, line - MIN_LINES / 2);
  };
  return (
    <div>
      <div class="file-pane">
        <pre ref={numbers} class="line-numbers" aria-hidden="true">
          {lines.map((_, index) => (
            <span class={faulty.has(index + 1) ? "faulty" : ""}>{index + 1}</span>
          ))}
        </pre>
        <textarea
          ref={field}
          aria-label="Services file as JSON"
          aria-describedby="file-state"
          aria-invalid={problems.length > 0 ? "true" : "false"}
          spellcheck={false}
          wrap="off"
          rows={Math.min(MAX_LINES, Math.max(MIN_LINES, lines.length + 1))}
          value={text}
          onInput={({ currentTarget }: InputEvent) => change((currentTarget as HTMLTextAreaElement).value)}
          onScroll={() => {
            if (numbers.current !== null) numbers.current.scrollTop = field.current?.scrollTop ?? 0;
          }}
        />
      </div>
      <div id="file-state" role="status">
        {problems.length === 0 ? <p class="help">{state}</p> : <Problems problems={problems} goTo={goTo} />}
      </div>
    </div>
  );
}

function Problems({ problems, goTo }: { problems: readonly LocatedProblem[]; goTo: (line: number) => void }) {
  const more = problems.length - SHOWN_PROBLEMS;
  return (
    <div class="note bad">
      <p>{problems.length === 1 ? "One problem" : `${problems.length} problems`} in this file:</p>
      <ul>
        {problems.slice(0, SHOWN_PROBLEMS).map(({ path, message, line, subject }) => (
          <li>
            {line !== null && (
              <button type="button" class="link" onClick={() => goTo(line)}>
                Line {line}
              </button>
            )}{" "}
            {subject !== null && <b>{subject} </b>}
            <code>{path === "" ? "the file" : path}</code> {message}
          </li>
        ))}
        {more > 0 && <li>and {more} more</li>}
      </ul>
    </div>
  );
}
