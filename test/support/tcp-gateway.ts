import { connectTcp, type TunnelBinding, type TunnelDialError } from "../../kit/gateway/index.ts";
import type { TcpObservation, TcpScript, UnawaitedTcpWrite } from "./tcp-script.ts";

const WRITE_BYTES = 64 * 1024;
/** Made only once, because hundreds of connections share one thread with the relay. */
const PATTERN = Uint8Array.from({ length: WRITE_BYTES }, (_, index) => (index * 7) % 251);

/** Runs a test's script on a TCP connection, as a gateway would. */
export async function runTcpScript(
  { address, how, tls, steps }: TcpScript,
  binding: TunnelBinding & Fetcher,
): Promise<TcpObservation> {
  const seen: TcpObservation = {
    ...{
      refused: null,
      text: "",
      readBytes: 0,
      sha256: "",
      end: "open",
      readError: "",
      writeError: "",
      closed: "",
    },
  };
  const startedMs = Date.now();
  const streams = await opened({ address, how, tls }, binding, seen);
  if (streams === null) return seen;
  const { readable, writable } = streams;
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const digest = new crypto.DigestStream("SHA-256");
  const hashing = digest.getWriter();
  const read = async (until: number): Promise<void> => {
    try {
      while (seen.readBytes < until && seen.end === "open") {
        const { done, value } = await reader.read();
        if (done) {
          seen.end = "clean";
          break;
        }
        seen.readBytes += value.byteLength;
        if (seen.text.length < 1_000) seen.text += new TextDecoder().decode(value);
        await hashing.write(value);
      }
    } catch (thrown) {
      seen.end = "cut";
      seen.readError = String(thrown);
    }
  };
  const beside: Promise<unknown>[] = [];
  for (const step of steps) {
    const work = async (): Promise<unknown> => {
      if ("text" in step) return writer.write(new TextEncoder().encode(step.text));
      if ("bytes" in step) return send(writer, step.bytes);
      if ("burst" in step)
        return void Promise.allSettled([...blocks(step.burst)].map((one) => writer.write(one)));
      if ("read" in step) return read(step.read === "all" ? Infinity : step.read);
      if ("waitMs" in step) return new Promise((done) => setTimeout(done, step.waitMs));
      if ("fetch" in step) return (await fetch(step.fetch)).text();
      if ("echo" in step) return echo(step.echo, writer, reader);
      if (step.do === "end") return writer.close();
      if (step.do === "abort") return writer.abort(new Error("by the test"));
      if (step.do === "cancel") return reader.cancel();
      return streams.close?.();
    };
    const done = work().catch((thrown: unknown) => {
      seen.writeError = `${String(thrown)} ${(thrown as { code?: string }).code ?? ""}`;
    });
    if (step.beside === true) beside.push(done);
    else await done;
  }
  await Promise.all(beside);
  if (streams.closed !== undefined) {
    const still = new Promise<string>((done) => setTimeout(() => done("open"), 50));
    seen.closed = await Promise.race([streams.closed.then(() => "closed").catch(() => "rejected"), still]);
  }
  await hashing.close();
  seen.sha256 = [...new Uint8Array(await digest.digest)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  seen.ms = Date.now() - startedMs;
  return seen;
}

/** Answers when the connection is open. Its writes continue after that, if they are kept with `waitUntil`. */
export async function writeUnawaited(
  { address, bytes, isKept }: UnawaitedTcpWrite,
  binding: TunnelBinding,
  context: ExecutionContext,
): Promise<Response> {
  const { readable, writable } = await binding.dial(address);
  const writing = (async () => {
    const writer = writable.getWriter();
    await send(writer, bytes);
    await writer.close();
    await readable.pipeTo(new WritableStream());
  })().catch(() => {});
  if (isKept) context.waitUntil(writing);
  return new Response("stands");
}

interface Opened {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
  close?: () => Promise<void>;
  closed?: Promise<void>;
}

async function opened(
  { address, how, tls }: Pick<TcpScript, "address" | "how"> & { tls: TcpScript["tls"] | undefined },
  binding: TunnelBinding & Fetcher,
  seen: TcpObservation,
): Promise<Opened | null> {
  try {
    if (how === "connect") {
      const socket = binding.connect(
        address,
        tls === undefined ? undefined : { secureTransport: tls, allowHalfOpen: true },
      );
      return tls === "starttls" ? socket.startTls() : socket;
    }
    if (how === "dial") return await binding.dial(address);
    const socket = connectTcp(binding, address);
    await socket.opened;
    return socket;
  } catch (thrown) {
    const { code, status, requestId, message } = thrown as TunnelDialError;
    seen.refused = { code, status, hasRequestId: typeof requestId === "string", message };
    return null;
  }
}

async function send(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: number): Promise<void> {
  for (const block of blocks(bytes)) await writer.write(block);
}

function* blocks(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= WRITE_BYTES) yield PATTERN.slice(0, left);
}

/** Sends a byte and waits for its echo, this many times. */
async function echo(
  rounds: number,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await writer.write(new Uint8Array(1));
    const { done } = await reader.read();
    if (done) throw new Error("the echo ended");
  }
}
