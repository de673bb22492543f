/*
 * What pages share: tables, dialogs, badges, forms, formats of numbers and times, loading of data.
 *
 * These components know nothing of pages or tunnels. They work with keyboard and screen reader, which a test checks with
 * axe. Texts are always rendered as text, never as HTML.
 *
 * Begin with `parts.tsx`, then `use-polled.ts` and `use-paged.ts` (how data is loaded). docs/dashboard.md#working-on-it.
 */
export { CodeLine } from "./code-line.tsx";
export { formTexts } from "./form-texts.ts";
export {
  bytesText,
  clockText,
  durationText,
  latencyText,
  millisecondsText,
  numberText,
  percentText,
  timeText,
  wholeMillisecondsText,
} from "./format.ts";
export { Mark } from "./mark.tsx";
export {
  ActionDialog,
  Badge,
  CopyButton,
  Dialog,
  Empty,
  Failing,
  Failure,
  Loading,
  SecretDialog,
  Stale,
  Table,
  Time,
  type Column,
} from "./parts.tsx";
export { TestAndRemove } from "./test-and-remove.tsx";
export { TestDialog } from "./test-dialog.tsx";
export { useEffect } from "./use-effect.ts";
export { usePaged } from "./use-paged.ts";
export { usePolled } from "./use-polled.ts";
