import { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { fixedNames } from "../../test/support/fixed-names.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { startStuckListener } from "../../test/support/servers/stuck-listener.ts";
import { nodeClock } from "../platform/node-clock.ts";
import { type Address, literalAddress } from "./address.ts";
import { dialHost, type HostDialOutcome, tcpTo } from "./dial-host.ts";
import type { LookUpEvents, NameSource } from "./names.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A socket whose connection stands or fails when the test says so. */
class HandSocket extends Socket {
  readonly to: string;
  at: string | undefined;

  constructor({ address }: Address) {
    super();
    this.to = this.at = address;
    Object.defineProperty(this, "remoteAddress", { get: () => this.at });
  }

  stands(): void {
    this.emit("connect");
  }

  fails(code: string): void {
    this.destroy(Object.assign(new Error(code), { code }));
  }
}

function setUp(allows?: (address: string) => boolean) {
  const clock = new FakeClock();
  const sockets: HandSocket[] = [];
  const outcomes: HostDialOutcome[] = [];
  const forgotten: string[] = [];
  let events: LookUpEvents | null = null;
  let isLookingUp = true;
  const names: NameSource = {
    servers: ["192.0.2.53"],
    forget: (name) => forgotten.push(name),
    lookUp(_host, given) {
      events = given;
      return () => (isLookingUp = false);
    },
  };
  const connect = (address: Address): Socket => {
    const socket = new HandSocket(address);
    sockets.push(socket);
    return socket;
  };
  const options = { host: "api.internal", port: 80, connect, ...(allows === undefined ? {} : { allows }) };
  const dialing = dialHost(options, { names, clock }, (outcome) => outcomes.push(outcome));
  return {
    ...{ clock, sockets, outcomes, forgotten, dialing },
    isLookingUp: () => isLookingUp,
    tried: () => sockets.map(({ to }) => to),
    found: (...texts: string[]) =>
      events?.onAddresses(texts.map(literalAddress).filter((address) => address !== null)),
    lookedUp: (problem: string | null = null) => events?.onEnd(problem),
    socket: (to: string): HandSocket => {
      const socket = sockets.find((each) => each.to === to);
      if (socket === undefined) throw new Error(`${to} was not tried`);
      return socket;
    },
  };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe("addresses are tried", () => {
  it("IPv6 and IPv4 in turn, 250 ms after one another, each for as long as it takes", () => {
    const { clock, found, lookedUp, tried, sockets } = setUp();
    found("10.0.0.1", "10.0.0.2", "10.0.0.3");
    found("fd00::1", "fd00::2");
    lookedUp();
    expect(tried()).toEqual(["fd00::1"]);
    clock.advance(249);
    expect(tried()).toHaveLength(1);
    clock.advance(1);
    expect(tried()).toEqual(["fd00::1", "10.0.0.1"]);
    clock.advance(60_000);
    expect(tried()).toEqual(["fd00::1", "10.0.0.1", "fd00::2", "10.0.0.2", "10.0.0.3"]);
    expect(sockets.every(({ destroyed }) => !destroyed)).toBe(true);
  });

  it("eight at a time: if all are silent, the oldest is given up for the next", () => {
    const { clock, found, lookedUp, sockets, tried } = setUp();
    found(...Array.from({ length: 200 }, (_, index) => `10.0.0.${index}`));
    lookedUp();
    clock.advance(10_000);
    expect(tried()).toHaveLength(41);
    expect(sockets.filter(({ destroyed }) => !destroyed).map(({ to }) => to)).toEqual(tried().slice(-8));
  });

  it("the next at once when one fails, and only once", async () => {
    const { clock, found, lookedUp, tried, socket } = setUp();
    found("10.0.0.1", "10.0.0.2", "10.0.0.3");
    lookedUp();
    clock.advance(100);
    socket("10.0.0.1").fails("ECONNREFUSED");
    await turns();
    expect(tried()).toEqual(["10.0.0.1", "10.0.0.2"]);
    clock.advance(249);
    expect(tried()).toHaveLength(2);
    clock.advance(1);
    expect(tried()).toHaveLength(3);
  });

  it("IPv4 alone if no IPv6 came within 50 ms, and then IPv6 in its turn", () => {
    const { clock, found, tried } = setUp();
    found("10.0.0.1", "10.0.0.2");
    clock.advance(49);
    expect(tried()).toEqual([]);
    clock.advance(1);
    expect(tried()).toEqual(["10.0.0.1"]);
    found("fd00::1");
    clock.advance(250);
    expect(tried()).toEqual(["10.0.0.1", "fd00::1"]);
  });

  it.each([
    ["IPv6 comes within the 50 ms", "fd00::1"],
    ["there is none", null],
  ])("at once when %s", (_what, address) => {
    const { clock, found, lookedUp, tried } = setUp();
    found("10.0.0.1");
    clock.advance(20);
    if (address === null) lookedUp();
    else found(address);
    expect(tried()).toEqual([address ?? "10.0.0.1"]);
  });

  it("that come late, after all others have failed", async () => {
    const { clock, found, lookedUp, tried, socket, outcomes } = setUp();
    found("fd00::1");
    socket("fd00::1").fails("ENETUNREACH");
    await turns();
    clock.advance(5_000);
    expect(outcomes).toEqual([]);
    found("10.0.0.1");
    expect(tried()).toEqual(["fd00::1", "10.0.0.1"]);
    lookedUp();
    socket("10.0.0.1").stands();
    expect(outcomes).toMatchObject([{ kind: "connected" }]);
  });

  it("never where the rules forbid it", async () => {
    const { clock, found, lookedUp, tried, outcomes, socket } = setUp(
      (address) => address !== "169.254.169.254",
    );
    found("169.254.169.254", "10.0.0.1");
    lookedUp();
    clock.advance(1_000);
    expect(tried()).toEqual(["10.0.0.1"]);
    // It stands somewhere else than it was meant to.
    socket("10.0.0.1").at = "169.254.169.254";
    socket("10.0.0.1").stands();
    expect(socket("10.0.0.1").destroyed).toBe(true);
    await turns();
    expect(outcomes).toEqual([{ kind: "not-allowed", address: "169.254.169.254" }]);
  });
});

describe("the end", () => {
  it("comes with the first connection that succeeds; the others are destroyed, and nothing is left", async () => {
    const { clock, found, outcomes, socket, sockets, isLookingUp } = setUp();
    found("fd00::1", "10.0.0.1", "10.0.0.2");
    clock.advance(600);
    socket("10.0.0.1").stands();
    expect(outcomes).toEqual([{ kind: "connected", socket: socket("10.0.0.1") }]);
    await turns();
    expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([socket("10.0.0.1")]);
    expect([clock.pendingTimers, isLookingUp()]).toEqual([0, false]);
    // An error of the winner's is for whoever has it, and one without a listener ends no process.
    socket("10.0.0.1").fails("ECONNRESET");
    await turns();
    expect(outcomes).toHaveLength(1);
  });

  it("comes when all have failed, with the reason of each, and the name is looked up again", async () => {
    const { found, lookedUp, outcomes, socket, forgotten } = setUp();
    found("fd00::1", "10.0.0.1");
    lookedUp();
    socket("fd00::1").fails("ENETUNREACH");
    await turns();
    socket("10.0.0.1").fails("ECONNREFUSED");
    await turns();
    expect(outcomes).toMatchObject([
      {
        kind: "unreachable",
        code: "ECONNREFUSED",
        problem: "ENETUNREACH at fd00::1, ECONNREFUSED at 10.0.0.1",
      },
    ]);
    expect(forgotten).toEqual(["api.internal"]);
  });

  it("comes with the reason if there is no address", () => {
    const { lookedUp, outcomes } = setUp();
    lookedUp("api.internal has no address: because");
    expect(outcomes).toEqual([{ kind: "no-address", problem: "api.internal has no address: because" }]);
  });

  it("comes silently when it is cancelled, in every phase", async () => {
    for (const phase of ["looking up", "waiting for IPv6", "trying"]) {
      const { clock, found, lookedUp, outcomes, sockets, dialing, isLookingUp } = setUp();
      if (phase !== "looking up") found("10.0.0.1", "10.0.0.2");
      if (phase === "trying") clock.advance(400);
      expect(dialing.progress()).toBe(
        phase === "trying"
          ? "no answer from 10.0.0.1, 10.0.0.2"
          : "no answer yet about api.internal from DNS server 192.0.2.53",
      );
      dialing.cancel();
      found("10.0.0.3");
      lookedUp();
      await turns();
      expect(outcomes).toEqual([]);
      expect([clock.pendingTimers, isLookingUp()]).toEqual([0, false]);
      expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
    }
  });
});

it.each([
  ["before", ["127.0.0.1", "127.0.0.2"]],
  ["behind", ["127.0.0.2", "127.0.0.1"]],
])("an address that takes more than a second is reached %s one that never answers", async (_where, order) => {
  const good = await startStuckListener();
  closing.push(() => good.close());
  const dead = await startStuckListener("127.0.0.2", good.port);
  closing.push(() => dead.close());
  const names = fixedNames(() => order);
  const outcome = await new Promise<HostDialOutcome>((done) => {
    const dialing = dialHost(tcpTo("api.internal", good.port), { names, clock: nodeClock }, done);
    closing.push(() => dialing.cancel());
    setTimeout(() => good.release(), 600);
  });
  if (outcome.kind !== "connected") throw new Error(JSON.stringify(outcome));
  expect(outcome.socket.remoteAddress).toBe("127.0.0.1");
  outcome.socket.destroy();
});

it("a dead address costs a quarter of a second if the next one works", async () => {
  const server = await new ByteServer(() => {}).start();
  closing.push(() => server.close());
  const dead = await startStuckListener("127.0.0.2", server.port);
  closing.push(() => dead.close());
  const names = fixedNames(() => ["127.0.0.2", "127.0.0.1"]);
  const outcome = await new Promise<HostDialOutcome>((done) => {
    dialHost(tcpTo("api.internal", server.port), { names, clock: nodeClock }, done);
  });
  expect(outcome).toMatchObject({ kind: "connected" });
  if (outcome.kind === "connected") outcome.socket.destroy();
});
