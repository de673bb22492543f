/** The buttons in the row of a receiver of logs or alerts. `remove` is the button's word, such as "Delete". */
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
