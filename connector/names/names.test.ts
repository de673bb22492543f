import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DnsQuestion, type DnsReply, DnsServer } from "../../test/support/servers/dns-server.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { nodeClock } from "../platform/node-clock.ts";
import type { DnsAnswer, AskServer, Question } from "./ask-server.ts";
import { Names, type NamesOptions } from "./names.ts";

const DNSMASQ = ["/usr/sbin/dnsmasq", "/usr/bin/dnsmasq"].find((path) => existsSync(path));

const closing: (() => unknown)[] = [];
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "culvert-names-"));
  closing.push(() => rmSync(directory, { recursive: true }));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const write = (name: "hosts" | "resolv.conf", text: string): void => {
  writeFileSync(join(directory, "new"), text);
  renameSync(join(directory, "new"), join(directory, name));
};

function namesWith(options: Partial<NamesOptions> = {}): Names {
  const files = { hostsPath: join(directory, "hosts"), resolvConfPath: join(directory, "resolv.conf") };
  return new Names({ clock: nodeClock, ...files, ...options });
}

async function dnsServer(answer: (question: DnsQuestion) => DnsReply | null): Promise<DnsServer> {
  const server = await new DnsServer(answer).start();
  closing.push(() => server.close());
  return server;
}

/** Names that ask these servers, with the options of resolv.conf's. */
async function asking(
  answer: (question: DnsQuestion) => DnsReply | null,
  conf = "options timeout:1 attempts:1",
): Promise<{ names: Names; server: DnsServer }> {
  const server = await dnsServer(answer);
  write("resolv.conf", `nameserver ${server.address}\nsearch .\n${conf}`);
  return { names: namesWith(), server };
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

describe("addresses", () => {
  it("are found of both families, behind aliases, and in order", async () => {
    const { names } = await asking(() => ({
      addresses: ["10.0.0.2", "10.0.0.1", "fd00::2", "fd00::1"],
      aliases: ["balancer.internal", "eu.balancer.internal"],
    }));
    const { addresses, problem } = await names.addressesOf("api.internal");
    expect(addresses.filter((address) => address.includes("."))).toEqual(["10.0.0.2", "10.0.0.1"]);
    expect(addresses.filter((address) => address.includes(":"))).toEqual(["fd00::2", "fd00::1"]);
    expect(problem).toBe(null);
  });

  it("are at most 64 of each family, however many a zone has", async () => {
    const many = Array.from({ length: 200 }, (_, index) => [
      `10.0.0.${index}`,
      `fd00::${index.toString(16)}`,
    ]);
    const { names } = await asking(() => ({ addresses: many.flat(), truncated: true }));
    const { addresses } = await names.addressesOf("many.internal");
    expect([addresses.length, addresses.filter((address) => address.includes(":")).length]).toEqual([
      128, 64,
    ]);
  });

  it("that do not fit into a datagram come over TCP", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `10.0.0.${index}`);
    const { names, server } = await asking(() => ({ addresses: many, truncated: true }));
    expect((await names.addressesOf("many.internal")).addresses).toHaveLength(60);
    expect(server.questions.filter(({ transport }) => transport === "tcp")).toHaveLength(2);
  });

  it("of one family are reported at once, however slow the other is", async () => {
    const { names } = await asking(
      ({ type }) => (type === "AAAA" ? null : { addresses: ["10.0.0.1"] }),
      "options timeout:30",
    );
    const found: string[] = [];
    const cancel = names.lookUp("api.internal", {
      onAddresses: (addresses) => found.push(...addresses.map(({ address }) => address)),
      onEnd: () => found.push("end"),
    });
    await until(() => found.length > 0);
    expect(found).toEqual(["10.0.0.1"]);
    // Whoever got through with these does not wait for more, and neither does the next one.
    cancel();
    expect(names.inFlight).toBe(0);
    expect(await names.addressesOf("api.internal")).toEqual({ addresses: ["10.0.0.1"], problem: null });
  });

  it.each(["127.0.0.1", "::1", "fe80::1%lo", "localhost", "LOCALHOST.", "api.localhost"])(
    "of %s are never looked up in DNS",
    async (name) => {
      const { names, server } = await asking(() => ({ addresses: ["10.6.6.6"] }));
      const { addresses } = await names.addressesOf(name);
      expect(addresses).toEqual(/localhost/i.test(name) ? ["127.0.0.1", "::1"] : [name]);
      expect(server.questions).toEqual([]);
    },
  );

  it("of .invalid do not exist, and are not looked up in DNS", async () => {
    const { names, server } = await asking(() => ({ addresses: ["10.6.6.6"] }));
    expect(await names.addressesOf("api.invalid")).toMatchObject({ addresses: [] });
    expect(server.questions).toEqual([]);
  });

  it.each(["", ".", "a..b", `${"x".repeat(64)}.internal`, `${"x.".repeat(127)}x`, "a b"])(
    "of %j are not asked for",
    async (name) => {
      const { names, server } = await asking(() => ({ addresses: ["10.6.6.6"] }));
      expect(await names.addressesOf(name)).toMatchObject({
        addresses: [],
        problem: expect.stringContaining("not a valid host name"),
      });
      expect(server.questions).toEqual([]);
    },
  );
});

describe("files", () => {
  it("are read again when they change: hosts first, then the new server", async () => {
    const first = await dnsServer(() => ({ addresses: ["10.0.0.1"] }));
    const second = await dnsServer(() => ({ addresses: ["10.0.0.2"] }));
    const names = namesWith();
    const now = async () => (await names.addressesOf("api.internal")).addresses;
    write("resolv.conf", `nameserver ${first.address}`);
    expect(await now()).toEqual(["10.0.0.1"]);
    write("resolv.conf", `nameserver ${second.address}`);
    expect(await now()).toEqual(["10.0.0.2"]);
    write("hosts", "10.0.0.3 API.internal");
    expect(await now()).toEqual(["10.0.0.3"]);
    write("hosts", "10.0.0.4 api.internal");
    expect(await now()).toEqual(["10.0.0.4"]);
    rmSync(join(directory, "hosts"));
    expect(await now()).toEqual(["10.0.0.2"]);
    expect([first.questions.length, second.questions.length]).toEqual([2, 4]);
  });

  it("that change during a look-up do not leave its old answer in the cache", async () => {
    let release = (): void => {};
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const old = await dnsServer(() => null);
    const current = await dnsServer(() => ({ addresses: ["10.0.0.2"] }));
    write("resolv.conf", `nameserver ${old.address}\noptions timeout:1 attempts:1`);
    const names = namesWith();
    const before = names.addressesOf("api.internal").finally(release);
    await until(() => old.questions.length === 2);
    write("resolv.conf", `nameserver ${current.address}`);
    expect((await names.addressesOf("api.internal")).addresses).toEqual(["10.0.0.2"]);
    await waiting;
    expect((await before).problem).toContain("no answer within 1000 ms");
    expect((await names.addressesOf("api.internal")).addresses).toEqual(["10.0.0.2"]);
  });
});

describe("search domains", () => {
  it("are appended to a name with fewer dots than ndots, before it is asked for unchanged", async () => {
    const { names, server } = await asking(
      ({ name }) => (name === "api.two" ? { addresses: ["10.0.0.1"] } : { rcode: 3 }),
      "options ndots:2\nsearch one two three",
    );
    expect((await names.addressesOf("api")).addresses).toEqual(["10.0.0.1"]);
    expect(new Set(server.questions.map(({ name }) => name))).toEqual(new Set(["api.one", "api.two"]));
    expect((await names.addressesOf("api.two.")).addresses).toEqual(["10.0.0.1"]);
  });

  it("are all tried if one has the name without an address, or its servers fail", async () => {
    const { names } = await asking(
      ({ name }) =>
        name === "api.one" ? {} : name === "api.two" ? { rcode: 2 } : { addresses: ["10.0.0.3"] },
      "options ndots:1 attempts:1\nsearch one two three",
    );
    expect((await names.addressesOf("api")).addresses).toEqual(["10.0.0.3"]);
  });

  it("are not tried if nobody answers: another name might mean another host", async () => {
    const { names, server } = await asking(
      ({ name }) => (name === "api.one" ? null : { addresses: ["10.0.0.2"] }),
      "options timeout:1 attempts:1\nsearch one two",
    );
    expect((await names.addressesOf("api")).addresses).toEqual([]);
    expect(new Set(server.asked)).toEqual(new Set(["A api.one", "AAAA api.one"]));
  });
});

describe("failures name the name and the server", () => {
  it.each([
    ["NXDOMAIN", { rcode: 3 }, "there is no such name (NXDOMAIN), according to DNS server"],
    ["no records", {}, "the name has no A or AAAA record, according to DNS server"],
    ["SERVFAIL", { rcode: 2 }, ": SERVFAIL"],
    ["REFUSED", { rcode: 5 }, ": REFUSED"],
    ["silence", null, ": no answer within 1000 ms"],
    ["answers to other questions", { addresses: ["10.6.6.6"], wrongId: true }, ": no answer within 1000 ms"],
  ])("%s", async (_what, reply, expected) => {
    const { names, server } = await asking(() => reply);
    const { addresses, problem } = await names.addressesOf("api.internal");
    expect(addresses).toEqual([]);
    expect(problem).toMatch(/^api\.internal has no address: /);
    expect(problem).toContain(expected);
    expect(problem).toContain(server.address);
  });

  it("and a server that is not there", async () => {
    write("resolv.conf", "nameserver [127.0.0.1]:1\nsearch .\noptions timeout:1 attempts:1");
    expect((await namesWith().addressesOf("api.internal")).problem).toBe(
      "api.internal has no address: DNS server [127.0.0.1]:1: nobody listens",
    );
  });

  it("and everything that was asked", async () => {
    const { names } = await asking(() => ({ rcode: 3 }), "search one two");
    expect((await names.addressesOf("api")).problem).toContain("; asked for api.one, api.two, api");
  });

  it("after each server was asked as often as configured", async () => {
    const refusing = await dnsServer(() => ({ rcode: 2 }));
    const silent = await dnsServer(() => null);
    write(
      "resolv.conf",
      `nameserver ${refusing.address}\nnameserver ${silent.address}\nsearch .\noptions timeout:1 attempts:2`,
    );
    const { problem } = await namesWith().addressesOf("api.internal");
    expect(problem).toContain(`${refusing.address}: SERVFAIL`);
    expect(problem).toContain(`${silent.address}: no answer`);
    expect([refusing.questions.length, silent.questions.length]).toEqual([4, 4]);
  });

  it("but not if a later server knows the name", async () => {
    const silent = await dnsServer(() => null);
    const failing = await dnsServer(() => ({ rcode: 2 }));
    const good = await dnsServer(() => ({ addresses: ["10.0.0.1"] }));
    const servers = [silent, failing, good].map(({ address }) => `nameserver ${address}\n`);
    write("resolv.conf", `${servers.join("")}options timeout:1`);
    expect((await namesWith().addressesOf("api.internal")).addresses).toEqual(["10.0.0.1"]);
  });
});

describe("look-ups", () => {
  it("of names that hang delay no others: twelve, or as many as allowed", async () => {
    const { names } = await asking(
      ({ name }) => (name.startsWith("hangs") ? null : { addresses: ["10.0.0.1"] }),
      "options timeout:30",
    );
    for (const count of [12, 200]) {
      const ends: (string | null)[] = [];
      const cancels = Array.from({ length: count }, (_, index) =>
        names.lookUp(`hangs-${index}.zone`, { onAddresses() {}, onEnd: (problem) => ends.push(problem) }),
      );
      await until(() => names.inFlight === Math.min(count, 128));
      await vi.waitFor(
        async () => expect((await names.addressesOf(`api-${count}.internal`)).addresses).toHaveLength(1),
        { timeout: 10_000, interval: 1_100 },
      );
      expect(names.inFlight).toBeLessThanOrEqual(128);
      for (const cancel of cancels) cancel();
      expect(names.inFlight).toBe(0);
    }
  });

  it("of one caller, even hundreds, take no place of another caller's", async () => {
    const { names } = await asking(
      ({ name }) => (name.startsWith("hangs") ? null : { addresses: ["10.0.0.1"] }),
      "options timeout:30",
    );
    const cancels: (() => void)[] = [];
    let isOver = false;
    const begin = (): void => {
      if (isOver) return;
      const events = { onAddresses() {}, onEnd: () => setTimeout(begin, 1) };
      cancels.push(names.lookUp(`hangs-${cancels.length}.zone`, events, "hostile"));
    };
    for (let lane = 0; lane < 200; lane++) begin();
    await until(() => names.inFlight === 128);
    for (let index = 0; index < 5; index++) {
      const found = new Promise((resolve) => {
        const events = { onAddresses: resolve, onEnd: resolve };
        names.lookUp(`api-${index}.internal`, events, "honest");
      });
      expect(await found).toEqual([{ address: "10.0.0.1", family: 4 }]);
    }
    isOver = true;
    for (const cancel of cancels) cancel();
    expect(names.inFlight).toBe(0);
  });

  it("of the same name are shared by all who wait for it", async () => {
    const { names, server } = await asking(() => ({ addresses: ["10.0.0.1"], ttlSeconds: 0, delayMs: 100 }));
    const answers = await Promise.all(Array.from({ length: 500 }, () => names.addressesOf("api.internal")));
    expect(new Set(answers.flatMap(({ addresses }) => addresses))).toEqual(new Set(["10.0.0.1"]));
    expect(server.asked.toSorted()).toEqual(["A api.internal", "AAAA api.internal"]);
  });

  it("report nothing after they are cancelled, and go on for the others", async () => {
    const { names } = await asking(() => ({ addresses: ["10.0.0.1"], delayMs: 50 }));
    let told = 0;
    const events = { onAddresses: () => told++, onEnd: () => told++ };
    const cancel = names.lookUp("api.internal", events);
    const other = names.addressesOf("api.internal");
    await until(() => names.inFlight === 1);
    cancel();
    names.lookUp("other.internal", events)();
    expect((await other).addresses).toEqual(["10.0.0.1"]);
    expect(told).toBe(0);
  });
});

describe("what is kept", () => {
  /** With a clock, and a server that answers when the test says so. */
  function setUp(answer: (question: Question) => DnsAnswer | null) {
    const clock = new FakeClock();
    const asked: string[] = [];
    const askServer: AskServer = (_server, question, timeoutMs, done) => {
      asked.push(`${question.family} ${question.name}`);
      const answered = answer(question);
      const silence: DnsAnswer = { kind: "failed", silent: true, reason: "no answer" };
      return clock.after(answered === null ? timeoutMs : 1, () => done(answered ?? silence));
    };
    write("resolv.conf", "search .");
    const names = namesWith({ clock, askServer });
    const lookUp = async (name = "api.internal") => {
      const result = names.addressesOf(name);
      await Promise.resolve();
      clock.advance(60_000);
      return result;
    };
    const addresses = (ttlSeconds: number): DnsAnswer => ({
      kind: "addresses",
      addresses: [{ address: "10.0.0.1", family: 4 }],
      ttlSeconds,
    });
    return { clock, asked, names, lookUp, addresses };
  }

  it.each([
    [0, 1, false],
    [5, 4_900, true],
    [5, 5_100, false],
    [86_400, 9_900, true],
    [86_400, 10_100, false],
  ])("is an answer with a time to live of %i s, %i ms later: %s", async (ttlSeconds, laterMs, isKept) => {
    const { clock, asked, names, addresses } = setUp(({ family }) =>
      family === 4 ? addresses(ttlSeconds) : { kind: "no-data" },
    );
    const first = names.addressesOf("api.internal");
    await Promise.resolve();
    clock.advance(1);
    expect((await first).addresses).toEqual(["10.0.0.1"]);
    clock.advance(laterMs);
    const second = names.addressesOf("api.internal");
    await Promise.resolve();
    clock.advance(1);
    expect((await second).addresses).toEqual(["10.0.0.1"]);
    expect(asked).toHaveLength(isKept ? 2 : 4);
  });

  it("contains nothing from before the machine slept, and no address that could not be reached", async () => {
    const { clock, asked, names, addresses } = setUp(({ family }) =>
      family === 4 ? addresses(60) : { kind: "no-data" },
    );
    const ask = async () => {
      const result = names.addressesOf("api.internal");
      await Promise.resolve();
      clock.advance(1);
      return result;
    };
    await ask();
    clock.sleep(20_000);
    await ask();
    expect(asked).toHaveLength(4);
    names.forget("API.internal");
    await ask();
    expect(asked).toHaveLength(6);
    await ask();
    expect(asked).toHaveLength(6);
  });

  it("contains failures, for a moment", async () => {
    const { clock, asked, names } = setUp(() => ({ kind: "no-name" }));
    for (const [waitMs, count] of [
      [0, 2],
      [900, 2],
      [200, 4],
    ] as const) {
      clock.advance(waitMs);
      const result = names.addressesOf("api.internal");
      await Promise.resolve();
      clock.advance(1);
      expect((await result).problem).toContain("NXDOMAIN");
      expect(asked.length).toBeLessThanOrEqual(count);
    }
    expect(asked.length).toBeGreaterThan(2);
  });

  it("reports that a name does not exist when A says so, even if AAAA hangs", async () => {
    const { names, clock } = setUp(({ family }) => (family === 4 ? { kind: "no-name" } : null));
    const result = names.addressesOf("api.internal");
    await Promise.resolve();
    clock.advance(10);
    expect((await result).problem).toContain("NXDOMAIN");
    expect([names.inFlight, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe.skipIf(DNSMASQ === undefined)("with dnsmasq", () => {
  it("finds what it serves, of each kind", async () => {
    const probe = await dnsServer(() => null);
    const { port } = probe;
    closing.splice(closing.length - 1, 1);
    probe.close();
    const server = spawn(
      DNSMASQ ?? "",
      [
        ...[
          "--keep-in-foreground",
          "--no-resolv",
          "--no-hosts",
          "--conf-file=/dev/null",
          "--bind-interfaces",
        ],
        ...["--listen-address=127.0.0.1", `--port=${port}`, "--pid-file", "--user="],
        ...["--address=/api.internal/10.0.0.1", "--address=/api.internal/fd00::1"],
        ...["--cname=alias.internal,real.internal", "--host-record=real.internal,10.0.0.2"],
        ...["--local=/internal/", "--local-ttl=0"],
        ...Array.from({ length: 120 }, (_, index) => `--host-record=many.internal,10.1.0.${index}`),
      ],
      { stdio: "ignore" },
    );
    closing.push(() => server.kill("SIGKILL"));
    write("resolv.conf", `nameserver [127.0.0.1]:${port}\noptions timeout:1 attempts:1\nsearch internal`);
    const names = namesWith();
    const sorted = async (name: string) => (await names.addressesOf(name)).addresses.toSorted();
    await vi.waitFor(async () => expect(await sorted("api.internal")).toEqual(["10.0.0.1", "fd00::1"]), {
      ...{ timeout: 15_000, interval: 1_100 },
    });
    expect(await sorted("many.internal")).toHaveLength(64);
    expect((await names.addressesOf("alias")).addresses).toEqual(["10.0.0.2"]);
    expect((await names.addressesOf("none.internal.")).problem).toContain("NXDOMAIN");
    expect((await names.addressesOf("other.example.")).problem).toContain("REFUSED");
  });
});
