import { CopyButton } from "./parts.tsx";

/** What a person types elsewhere; long lines break, and are copied whole. */
export function CodeLine({ text, what }: { text: string; what: string }) {
  return (
    <div class="secret">
      <code class="lines">{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  );
}
