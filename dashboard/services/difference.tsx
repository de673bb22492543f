/** What becomes allowed and what no longer is, one line each. */
export function Difference({ lines }: { lines: readonly string[] }) {
  return (
    <ul class="difference" aria-label="Changes">
      {lines.map((line) => (
        <li class={line.startsWith("+") ? "added" : "removed"}>
          <span class="unseen">{line.startsWith("+") ? "added:" : "removed:"}</span>
          {line.slice(2)}
        </li>
      ))}
    </ul>
  );
}
