/** Turns the form's texts into the API's request, without empty fields. @throws if a line is not a header */
export function destinationOf({ headers = "", tags = "", ...given }: Record<string, string>): object {
  const named = Object.fromEntries(headersIn(headers));
  const listed = tags
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, text]) => text !== "")),
    ...(Object.keys(named).length === 0 ? {} : { headers: named }),
    ...(listed.length === 0 ? {} : { tags: listed }),
  };
}

function headersIn(text: string): [name: string, value: string][] {
  return text.split(/\r?\n/).flatMap((line, index): [string, string][] => {
    if (line.trim() === "") return [];
    const [, name, value] = /^\s*([^:\s]+):\s*(.*\S)\s*$/.exec(line) ?? [];
    // The message does not quote the line, because it may contain a secret.
    if (name === undefined || value === undefined)
      throw new Error(`Line ${index + 1} of the headers is not "name: value".`);
    return [[name, value]];
  });
}
