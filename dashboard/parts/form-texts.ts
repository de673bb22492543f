/** What stands in a form's fields, without the spaces around it; files are none of these pages' business. */
export function formTexts(form: HTMLFormElement): Record<string, string> {
  const entries = [...new FormData(form)].map(([name, value]) => [
    name,
    typeof value === "string" ? value.trim() : "",
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
