import type { Clock } from "../time/clock.ts";
import { type StreamParty, StreamShares } from "./stream-shares.ts";
import { WaitingRoom } from "./waiting-room.ts";

const NOBODY_WAITS = (): void => {};

/** Decides who opens a stream at once, who waits because others have borrowed its share, and who is next when a stream ends. */
export class Admission {
  readonly shares = new StreamShares();
  readonly #room: WaitingRoom;
  readonly #freeStreams: () => number;

  /** `freeStreams`: how many streams can still be opened. */
  constructor(clock: Clock, freeStreams: () => number) {
    this.#room = new WaitingRoom(clock, (party) => this.shares.openOf(party));
    this.#freeStreams = freeStreams;
  }

  admits(party: StreamParty): boolean {
    return this.shares.admits(party, this.#freeStreams());
  }

  /**
   * Calls `enter` at once, unless others have borrowed this caller's share. Then it calls `enter` when a stream has come back, or
   * after a while. `enter` has to check again, because there may still be no room. The returned function ends the wait.
   */
  whenRoom(party: StreamParty, enter: (waited: boolean) => void): () => void {
    const isNext = !this.#room.hasLine(party) && this.admits(party);
    const isOwed = !isNext && this.shares.isOwed(party, this.#freeStreams());
    const leave = isOwed ? this.#room.wait(party, () => enter(true)) : null;
    if (leave === null) enter(false);
    return leave ?? NOBODY_WAITS;
  }

  /** A stream has ended, or there is more credit. */
  roomCame(): void {
    if (this.#room.isEmpty) return;
    this.#room.roomCame((party) => this.admits(party));
  }
}
