/**
 * The gateway of every subject on workerd. It passes each request to the service of its binding. `/tcp/…` does the same
 * work over a TCP connection. `/rounds/N` makes N small requests, or echoes of a byte, one after the other. `/unread/…`
 * does not read the body of its response. `/self/bytes/N` is answered here.
 */
import { connectTcp, type TunnelBinding } from "../../kit/gateway/index.ts";

interface Env {
  TUNNEL: Fetcher & TunnelBinding;
}

const SERVICE = "bench-tcp";
const READ_BYTES = 64 * 1024;
/** Longer than any measurement. */
const UNREAD_MS = 3_600_000;
const BYTE = new Uint8Array(1);
const ANSWER = "x".repeat(64 * 1024);

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const path = request.url.slice(request.url.indexOf("/", "https://".length));
    const [, first, second, count] = path.split("/");
    if (first === "tcp") return tcp(request, env.TUNNEL, second ?? "", Number(count));
    if (first === "rounds") return rounds(env.TUNNEL, Number(second));
    if (first === "unread") return unread(env.TUNNEL, path.slice("/unread".length));
    if (first === "self") return new Response(ANSWER.slice(0, Number(count)));
    return env.TUNNEL.fetch(new Request(`http://bench-api${path}`, request));
  },
} satisfies ExportedHandler<Env>;

/**
 * Returns the head to the caller, and nobody reads the body. If the caller itself did not read, the kernel would buffer 3
 * MiB of each response on the way to it. With some hundreds of them it runs out of memory for sockets, which slows down all
 * sockets of the machine.
 */
async function unread(binding: Fetcher, path: string): Promise<Response> {
  const answer = await binding.fetch(`http://bench-api${path}`);
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(BYTE),
    pull: () => scheduler.wait(UNREAD_MS),
    cancel: () => answer.body?.cancel(),
  });
  return new Response(body, { status: answer.status });
}

async function rounds(binding: Fetcher, count: number): Promise<Response> {
  for (let round = 0; round < count; round++) {
    const answer = await binding.fetch("http://bench-api/bytes/1");
    await answer.arrayBuffer();
  }
  return new Response(String(count));
}

async function tcp(request: Request, binding: TunnelBinding, what: string, count: number): Promise<Response> {
  const { readable, writable } = connectTcp(binding, SERVICE);
  const line = { bytes: `bytes ${count}\n`, sink: "sink\n" }[what] ?? "echo\n";
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(line));
  if (what === "bytes") {
    await writer.close();
    return new Response(readable);
  }
  if (what === "sink") {
    const body = request.body?.getReader({ mode: "byob" });
    for (;;) {
      // A body that is piped comes in pieces of 4 KiB, and each takes as long as one of 64.
      const chunk = await body?.read(new Uint8Array(READ_BYTES));
      if (chunk?.value === undefined || chunk.done) break;
      await writer.write(chunk.value);
    }
    await writer.close();
    return new Response(readable);
  }
  const reader = readable.getReader();
  for (let round = 0; round < count; round++) {
    await writer.write(BYTE);
    await reader.read();
  }
  await writer.close();
  return new Response(String(count));
}
