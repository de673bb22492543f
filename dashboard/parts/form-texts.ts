/** The texts of a form's fields, trimmed. Files are left out: no form here has any. */
export function formTexts(form: HTMLFormElement): Record<string, string> {
  const entries = [...new FormData(form)].map(([name, value]) => [
    name,
    typeof value === "string" ? value.trim() : "",
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
