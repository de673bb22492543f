/*
 * The editor of a tunnel's services file: form and text side by side, problems with their lines, versions, rollback.
 *
 * Form and text are two views of one text, so the form never drops what it has no field for. The relay's own schema checks
 * the text here first. Saving names the version that was edited, so that another person's edit in between is not
 * overwritten.
 *
 * Begin with `services-view.tsx` and `services-editor.tsx`, then `services-draft.ts`. docs/dashboard.md#what-is-there;
 * decision 0008.
 */
export { ServicesView } from "./services-view.tsx";
