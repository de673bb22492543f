import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, isIP, type Server, type Socket } from "node:net";

export type RecordType = "A" | "AAAA";

export interface DnsQuestion {
  /** The name in the question, in lower case. */
  name: string;
  type: RecordType;
  transport: "udp" | "tcp";
}

export interface DnsReply {
  rcode?: number;
  /** Only addresses of the question's type are returned. */
  addresses?: readonly string[];
  ttlSeconds?: number;
  /** CNAMEs between the name in the question and the addresses. */
  aliases?: readonly string[];
  /** Over UDP, sets the truncation bit and returns nothing else. */
  truncated?: boolean;
  /** Answers with another id than the question's. */
  wrongId?: boolean;
  delayMs?: number;
}

const NUMBERS: Readonly<Record<RecordType | "CNAME", number>> = { A: 1, CNAME: 5, AAAA: 28 };

/** A DNS server on 127.0.0.1, over UDP and TCP on one port. It answers as the test says; for null it does not answer. */
export class DnsServer {
  readonly questions: DnsQuestion[] = [];
  readonly #answer: (question: DnsQuestion) => DnsReply | null;
  readonly #udp: UdpSocket = createSocket("udp4");
  readonly #tcp: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(answer: (question: DnsQuestion) => DnsReply | null) {
    this.#answer = answer;
  }

  async start(): Promise<this> {
    this.#udp.on("message", (message, { port, address }) => {
      this.#reply(message, "udp", (reply) => this.#udp.send(reply, port, address));
    });
    for (let attempt = 0; ; attempt++) {
      this.#tcp.listen(0, "127.0.0.1");
      await once(this.#tcp, "listening");
      this.#udp.bind(this.port, "127.0.0.1");
      const bound = await Promise.race([
        once(this.#udp, "listening").then(() => true),
        once(this.#udp, "error").then(() => false),
      ]);
      if (bound) return this;
      if (attempt > 10) throw new Error("no port is free by UDP and TCP");
      this.#tcp.close();
    }
  }

  get port(): number {
    return (this.#tcp.address() as AddressInfo).port;
  }

  /** For a `nameserver` line of resolv.conf. */
  get address(): string {
    return `[127.0.0.1]:${this.port}`;
  }

  /** The questions that were received, each as its type and name: `A name`. */
  get asked(): string[] {
    return this.questions.map(({ name, type }) => `${type} ${name}`);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#tcp.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    let received = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      while (received.byteLength >= 2 && received.byteLength >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        this.#reply(received.subarray(2, end), "tcp", (reply) => {
          socket.write(Buffer.concat([u16(reply.byteLength), reply]));
        });
        received = received.subarray(end);
      }
    });
  }

  #reply(query: Buffer, transport: "udp" | "tcp", send: (reply: Buffer) => void): void {
    const { name, type, end } = readQuestion(query);
    const question: DnsQuestion = { name, type, transport };
    this.questions.push(question);
    const reply = this.#answer(question);
    if (reply === null) return;
    const message = encodeReply(query.subarray(0, end), question, reply);
    if (reply.delayMs === undefined) return send(message);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      send(message);
    }, reply.delayMs);
    this.#timers.add(timer);
  }
}

function readQuestion(query: Buffer): { name: string; type: RecordType; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1) === NUMBERS.AAAA ? "AAAA" : "A";
  return { name: labels.join(".").toLowerCase(), type, end: at + 5 };
}

function encodeReply(asked: Buffer, { name, type, transport }: DnsQuestion, reply: DnsReply): Buffer {
  const { rcode = 0, addresses = [], aliases = [], ttlSeconds = 60 } = reply;
  const cut = reply.truncated === true && transport === "udp";
  const records: Buffer[] = [];
  let owner = name;
  for (const alias of cut ? [] : aliases) {
    records.push(record(owner, NUMBERS.CNAME, ttlSeconds, encodeName(alias)));
    owner = alias;
  }
  for (const address of cut ? [] : addresses) {
    const isOfType = isIP(address) === (type === "A" ? 4 : 6);
    if (isOfType) records.push(record(owner, NUMBERS[type], ttlSeconds, encodeAddress(address)));
  }
  const head = Buffer.alloc(12);
  head.writeUInt16BE(asked.readUInt16BE(0) ^ (reply.wrongId === true ? 1 : 0), 0);
  // Flags: a response, recursion desired and available.
  head.writeUInt16BE(0x8180 | (cut ? 0x0200 : 0) | rcode, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, asked.subarray(12), ...records]);
}

function record(owner: string, type: number, ttlSeconds: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttlSeconds, 4);
  fixed.writeUInt16BE(data.byteLength, 8);
  return Buffer.concat([encodeName(owner), fixed, data]);
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").map((label) => {
    return Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")]);
  });
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function encodeAddress(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [before = "", after] = address.split("::");
  const words = (text: string) => text.split(":").filter((word) => word !== "");
  const first = words(before);
  const last = words(after ?? "");
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return Buffer.concat([...first, ...zeros, ...last].map((word) => u16(Number.parseInt(word, 16))));
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}
