/** What wrangler and workerd say of a start that failed, without what is for machines alone. */
export function startProblem(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const message = error.message.split("\n").map(messageOfLine).join("\n");
  return message === error.message ? error : new Error(message, { cause: error });
}

/** workerd writes its log as JSON. */
function messageOfLine(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const { message } = JSON.parse(line) as { message?: unknown };
    return typeof message === "string" ? message : line;
  } catch {
    return line;
  }
}
