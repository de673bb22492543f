/** What can be done to a receiver of logs or alerts, in its row. `remove`: the word for it. */
export function TestAndRemove({
  name,
  remove,
  onTest,
  onRemove,
}: {
  name: string;
  remove: string;
  onTest: () => void;
  onRemove: () => void;
}) {
  return (
    <span class="badges">
      <button type="button" class="small" aria-label={`Test ${name}`} onClick={onTest}>
        Test
      </button>
      <button type="button" class="small danger" aria-label={`${remove} ${name}`} onClick={onRemove}>
        {remove}
      </button>
    </span>
  );
}
