import type { TunnelError } from "../../shared/protocol/index.ts";

/** What a withdrawal ends: an attempt of a request, or the WebSocket that it became. */
interface Admitted {
  revoked(refusal: TunnelError): void;
}

/** One request's permission. It may be withdrawn at any time, and is checked each time that the request has waited. */
export class Admittance {
  #withdrawn: TunnelError | null = null;
  #admitted: Admitted | null = null;

  /** Throws the reason if it was withdrawn. */
  check(): void {
    if (this.#withdrawn !== null) throw this.#withdrawn;
  }

  /** Replaces what it covered before. */
  covers(admitted: Admitted): void {
    this.#admitted = admitted;
  }

  withdraw(refusal: TunnelError): void {
    this.#withdrawn = refusal;
    this.#admitted?.revoked(refusal);
  }
}
