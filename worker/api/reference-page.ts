import type { openApiDocument } from "./openapi.ts";

type Document = ReturnType<typeof openApiDocument>;

interface Described {
  summary: string;
  description: string;
  parameters: readonly { name: string; in: string; description?: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#8881;padding:.6rem;overflow:auto}
h2{margin-top:2.5rem;border-top:1px solid #8885;padding-top:1rem}table{border-collapse:collapse}
td,th{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}:root{color-scheme:light dark}`;

/** The OpenAPI document as a page for people: no script, nothing from elsewhere. */
export function referencePage(document: Document): Response {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => section(method, path, described as Described)),
  );
  const html = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>${escape(document.info.title)}</title>
<style>${STYLE}</style><h1>${escape(document.info.title)}</h1>
<p>${prose(document.info.description)} For programs: <a href="openapi.json">openapi.json</a>.</p>
${operations.join("\n")}</html>`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    },
  });
}

function section(method: string, path: string, described: Described): string {
  const { summary, description, parameters, requestBody, responses } = described;
  return [
    `<h2><code>${method.toUpperCase()} ${escape(path)}</code></h2>`,
    `<p>${prose(`${summary}. ${description}`)}</p>`,
    table(
      parameters.map((parameter) => [
        `<code>${escape(parameter.name)}</code>`,
        escape(parameter.in),
        prose(parameter.description ?? (parameter.schema as { description?: string }).description ?? ""),
      ]),
    ),
    ...schemasOf(requestBody?.content).map((schema) => details("Request body", schema)),
    table(Object.entries(responses).map(([status, answer]) => [escape(status), prose(answer.description)])),
    ...Object.values(responses).flatMap(({ content }) =>
      schemasOf(content)
        .filter((schema) => !("$ref" in schema))
        .map((schema) => details("Response body", schema)),
    ),
  ].join("\n");
}

function schemasOf(content: Record<string, { schema: object }> = {}): object[] {
  return Object.values(content).map(({ schema }) => schema);
}

function details(title: string, schema: object): string {
  const text = escape(JSON.stringify(schema, null, 2));
  return `<details><summary>${title}</summary><pre>${text}</pre></details>`;
}

function table(rows: readonly (readonly string[])[]): string {
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return rows.length === 0 ? "" : `<table>${body.join("")}</table>`;
}

/** Text with `code` in it. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
