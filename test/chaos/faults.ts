import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../../scripts/demo/child-process.ts";
import type { Dice } from "../support/dice.ts";
import type { FaultLab } from "../support/fault-lab.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";
import type { ChaosUpstream } from "./chaos-upstream.ts";

const CONNECTORS = 3;

interface Member {
  connector: Child;
  proxy: FaultProxy;
}

/** Breaks one connector at a time, each of which has its own network, and other parts. */
export class Faults {
  readonly counts = new Map<string, number>();
  readonly #lab: FaultLab;
  readonly #upstream: ChaosUpstream;
  readonly #dice: Dice;
  readonly #members: Member[] = [];

  constructor(lab: FaultLab, upstream: ChaosUpstream, dice: Dice) {
    this.#lab = lab;
    this.#upstream = upstream;
    this.#dice = dice;
  }

  async start(): Promise<void> {
    for (let count = 0; count < CONNECTORS; count++) await this.#add();
  }

  /** Breaks something, and resolves when it is repaired. */
  async next(): Promise<string> {
    const [name, fault] = this.#dice.pick<[string, (member: Member) => Promise<void>]>(
      ["connector killed", (member) => this.#replace(member, "SIGKILL")],
      ["connector killed", (member) => this.#replace(member, "SIGKILL")],
      ["connector drained", (member) => this.#replace(member, "SIGTERM")],
      ["connector stopped for a while", (member) => this.#freeze(member)],
      ["connection cut", async ({ proxy }) => proxy.cut()],
      ["connection cut", async ({ proxy }) => proxy.cut()],
      ["half-open connection", async ({ proxy }) => proxy.halfOpen()],
      ["black hole", (member) => this.#blackHole(member)],
      ["slow network", (member) => this.#slowNetwork(member)],
      ["thin network", (member) => this.#thinNetwork(member)],
      ["slow upstream", () => this.#slowUpstream()],
      ["relay crashed", () => this.#lab.crashRelay()],
    );
    const member = this.#members[this.#dice.below(this.#members.length)];
    if (member === undefined) throw new Error("no connectors");
    await fault(member);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return name;
  }

  /** Resolves when every connector is attached, and nothing else. */
  async settled(): Promise<void> {
    await this.#lab.untilAttached(CONNECTORS);
  }

  get connectorPids(): number[] {
    return this.#members.map(({ connector }) => connector.pid);
  }

  async #add(): Promise<void> {
    const proxy = await this.#lab.proxy();
    this.#members.push({ proxy, connector: await this.#lab.addConnector(proxy) });
  }

  async #replace(member: Member, signal: NodeJS.Signals): Promise<void> {
    member.connector.signal(signal);
    await member.connector.exited;
    this.#members.splice(this.#members.indexOf(member), 1);
    await this.#add();
  }

  async #freeze({ connector }: Member): Promise<void> {
    connector.signal("SIGSTOP");
    await sleep(200 + this.#dice.below(3_000));
    connector.signal("SIGCONT");
  }

  async #blackHole({ proxy }: Member): Promise<void> {
    proxy.blackHole = true;
    await sleep(500 + this.#dice.below(10_000));
    proxy.blackHole = false;
    // Bytes were dropped, so no connection can go on.
    proxy.cut();
  }

  async #slowNetwork({ proxy }: Member): Promise<void> {
    proxy.delayMs = 1 + this.#dice.below(60);
    await sleep(500 + this.#dice.below(1_500));
    proxy.delayMs = 0;
  }

  async #thinNetwork({ proxy }: Member): Promise<void> {
    proxy.bytesPerMs = 20 + this.#dice.below(1_000);
    await sleep(500 + this.#dice.below(4_000));
    proxy.bytesPerMs = Infinity;
  }

  async #slowUpstream(): Promise<void> {
    this.#upstream.delayMs = this.#dice.below(300);
    await sleep(500 + this.#dice.below(1_000));
    this.#upstream.delayMs = 0;
  }
}
