import type {
  CapturedBody,
  CapturedField,
  CapturedRequest,
} from "../../../shared/capture/captured-request.ts";
import { printable } from "../../output.ts";

const WHY = {
  binary: "no text",
  encoded: "the relay cannot decode it",
  websocket: "messages are not captured",
  "no-room": "the relay was short of memory",
};

/** In the style of `curl -v`: `>` marks the request, `<` the response. */
export function capturedText({ method, service, path, request, response }: CapturedRequest): string {
  return [
    `> ${printable(`${method} ${service}${path}`)}`,
    ...message(">", request.fields, request.body),
    ...(response === null
      ? ["< (the upstream did not answer)"]
      : [`< ${response.status}`, ...message("<", response.fields, response.body)]),
  ].join("\n");
}

function message(sign: string, fields: readonly CapturedField[], body: CapturedBody): string[] {
  return [
    ...fields.map(([name, value]) => `${sign} ${printable(`${name}: ${value}`)}`),
    sign,
    ...bodyLines(body).map((line) => `${sign} ${printable(line)}`),
  ];
}

function bodyLines({ text, bytes, isCut, why }: CapturedBody): string[] {
  if (text === null) return [`(${bytes} bytes, not kept: ${why === null ? "unknown" : WHY[why]})`];
  if (text === "") return [];
  return [...text.split("\n"), ...(isCut ? ["(cut here)"] : [])];
}
