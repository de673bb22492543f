import type { Clock } from "../time/clock.ts";
import { type StreamParty, StreamShares } from "./stream-shares.ts";
import { WaitingRoom } from "./waiting-room.ts";

const NOBODY_WAITS = (): void => {};

/** Who begins a stream at once, who waits for what others have borrowed, and who is let in when it comes back. */
export class Admission {
  readonly shares = new StreamShares();
  readonly #room: WaitingRoom;
  readonly #freeStreams: () => number;

  /** `freeStreams`: how many may still be opened by anybody. */
  constructor(clock: Clock, freeStreams: () => number) {
    this.#room = new WaitingRoom(clock, (party) => this.shares.openOf(party));
    this.#freeStreams = freeStreams;
  }

  admits(party: StreamParty): boolean {
    return this.shares.admits(party, this.#freeStreams());
  }

  /**
   * Calls `enter` at once, unless others have borrowed what this caller's share holds: then when some of it has come back,
   * or after a while. There may be no room all the same: `enter` has to look. What is returned ends the wait without a call.
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
