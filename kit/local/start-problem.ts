/** The reason of a failed start as wrangler and workerd report it, without the parts that are for machines. */
export function startProblem(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const message = error.message.split("\n").map(messageOfLine).join("\n");
  return message === error.message ? error : new Error(message, { cause: error });
}

/** workerd logs in JSON. */
function messageOfLine(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const { message } = JSON.parse(line) as { message?: unknown };
    return typeof message === "string" ? message : line;
  } catch {
    return line;
  }
}
