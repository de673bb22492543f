import { CopyButton } from "./parts.tsx";

/** A command or secret that a person types elsewhere. Long lines wrap, but are copied as one. */
export function CodeLine({ text, what }: { text: string; what: string }) {
  return (
    <div class="secret">
      <code class="lines">{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  );
}
