import { askCurl, curlVersion } from "../../support/curl.ts";
import { ClientProcess } from "./client-process.ts";
import type { Asked } from "./client-program.ts";

/** `200 body`: complete. `200 body…`: broken off after its head. `error`. `nothing`: no answer in time. */
export type Http2Client = (asked: readonly Asked[]) => Promise<string[]>;

const LANES = 16;

const inProcess = (client: "node" | "undici"): Http2Client => {
  return async (asked) => {
    const process = new ClientProcess(client);
    const outcomes: string[] = [];
    const entries = asked.entries();
    const lane = async (): Promise<void> => {
      for (const [at, one] of entries) outcomes[at] = await process.ask(one);
    };
    try {
      await Promise.all(Array.from({ length: LANES }, lane));
    } finally {
      process.close();
    }
    return outcomes;
  };
};

const curl: Http2Client = async (asked) => {
  const requests = asked.map((one) => ({ ...one, path: "/" }));
  const answers = await askCurl(requests, ["http2-prior-knowledge"]);
  return answers.map(({ status, body, isWhole, timedOut }) => {
    if (timedOut) return "nothing";
    if (status < 200) return "error";
    return isWhole ? `${status} ${body}` : `${status} ${body}…`;
  });
};

/** curl is included only if it is installed and supports HTTP/2. */
export function http2Clients(): Record<string, Http2Client> {
  const hasCurl = /^Features:.* HTTP2\b/m.test(curlVersion() ?? "");
  return { node: inProcess("node"), undici: inProcess("undici"), ...(hasCurl ? { curl } : {}) };
}
