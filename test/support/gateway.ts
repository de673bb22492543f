/**
 * The gateway of the end-to-end tests. `/pass/VIA/URL` passes the caller's request on unchanged. `POST /probe` makes the
 * request itself and describes what a Worker's code saw. `POST /storm` opens requests only to cancel them. VIA is `direct`
 * or the name of a tunnel binding.
 */
import type { TunnelBinding } from "../../kit/gateway/index.ts";
import { pattern } from "./pattern.ts";
import type { Observation, ProbeBody, ProbeRequest, StormOutcome, StormRequest } from "./probe.ts";

const REFUSED_WAIT_MS = 5;
import { runTcpScript, writeUnawaited } from "./tcp-gateway.ts";
import type { TcpScript, UnawaitedTcpWrite } from "./tcp-script.ts";

type Env = Record<string, Fetcher>;

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const path = request.url.slice(request.url.indexOf("/", "https://".length));
    if (path === "/probe") return Response.json(await probe(await request.json<ProbeRequest>(), env));
    if (path === "/storm") return Response.json(await storm(await request.json<StormRequest>(), env));
    if (path === "/tcp") {
      const script = await request.json<TcpScript>();
      const binding = env[script.via ?? "TUNNEL"] as unknown as TunnelBinding & Fetcher;
      return Response.json(await runTcpScript(script, binding));
    }
    if (path === "/tcp-unawaited") {
      const binding = env["TUNNEL"] as unknown as TunnelBinding;
      return writeUnawaited(await request.json<UnawaitedTcpWrite>(), binding, context);
    }
    const pass = /^\/pass\/([^/]+)\/(.*)$/s.exec(path);
    if (pass?.[1] === undefined || pass[2] === undefined)
      return new Response("no such route", { status: 404 });
    return send(env, pass[1], new Request(pass[2], request));
  },
} satisfies ExportedHandler<Env>;

function send(env: Env, via: string, request: Request): Promise<Response> {
  if (via === "direct") return fetch(request);
  const binding = env[via];
  if (binding === undefined) throw new Error(`no binding ${via}`);
  return binding.fetch(request);
}

async function probe(wanted: ProbeRequest, env: Env): Promise<Observation> {
  const seen: Observation = {
    threw: null,
    status: 0,
    statusText: "",
    headers: [],
    setCookie: [],
    bodyBytes: 0,
    bodySha256: "",
    bodyThrew: null,
  };
  const cancelling = new AbortController();
  const cancel = () => cancelling.abort(new Error("cancelled by the test"));
  if (wanted.cancel?.when === "before-head") setTimeout(cancel, wanted.cancel.afterMs);
  try {
    const request = new Request(wanted.url, {
      method: wanted.method ?? "GET",
      headers: new Headers(wanted.headers ?? []),
      redirect: "manual",
      signal: cancelling.signal,
      ...(wanted.body === undefined ? {} : { body: bodyOf(wanted.body, wanted, cancel) }),
    });
    const response = await send(env, wanted.via, request);
    seen.status = response.status;
    seen.statusText = response.statusText;
    seen.headers = [...response.headers].filter(([name]) => name !== "set-cookie");
    seen.setCookie = response.headers.getSetCookie();
    await readBody(response, wanted, seen);
  } catch (error) {
    seen.threw = String(error);
  }
  return seen;
}

function bodyOf(body: ProbeBody, wanted: ProbeRequest, cancel: () => void): BodyInit {
  if (body.kind === "text") return body.text;
  const cancelAfterBytes = wanted.cancel?.when === "mid-upload" ? wanted.cancel.afterBytes : Infinity;
  const blocks = pattern(body.totalBytes);
  let sentBytes = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sentBytes >= cancelAfterBytes) cancel();
      const { done, value } = blocks.next();
      if (done) return controller.close();
      sentBytes += value.length;
      controller.enqueue(value);
    },
  });
  if (!body.lengthKnown) return source;
  const fixed = new FixedLengthStream(body.totalBytes);
  source.pipeTo(fixed.writable).catch(() => {});
  return fixed.readable;
}

async function readBody(response: Response, wanted: ProbeRequest, seen: Observation): Promise<void> {
  const stopAfterBytes = wanted.cancel?.when === "mid-download" ? wanted.cancel.afterBytes : Infinity;
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      const { done, value } = await reader.read();
      if (done) break;
      seen.bodyBytes += value.length;
      await writer.write(value);
      if (seen.bodyBytes >= stopAfterBytes) {
        await reader.cancel();
        break;
      }
    }
  } catch (error) {
    seen.bodyThrew = String(error);
  }
  await writer.close();
  const hash = new Uint8Array(await digest.digest);
  seen.bodySha256 = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Rapid reset: cancels each request within a few milliseconds, whatever state it is in. */
async function storm(wanted: StormRequest, env: Env): Promise<StormOutcome> {
  const outcome: StormOutcome = { answered: {}, cancelled: 0 };
  let opened = 0;
  const openAndCancel = async () => {
    while (opened < wanted.count) {
      opened += 1;
      const cancelling = new AbortController();
      setTimeout(() => cancelling.abort(), opened % wanted.maxMs);
      try {
        const response = await send(env, wanted.via, new Request(wanted.url, { signal: cancelling.signal }));
        const code = response.headers.get("culvert-error") ?? String(response.status);
        outcome.answered[code] = (outcome.answered[code] ?? 0) + 1;
        // The request was probably refused at once and never opened, so try again a little later.
        opened -= 1;
        await scheduler.wait(REFUSED_WAIT_MS);
      } catch {
        outcome.cancelled += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: wanted.concurrency }, openAndCancel));
  return outcome;
}
