import type { TunnelError } from "../../shared/protocol/index.ts";

/** What ends with it: an attempt of a request, or the WebSocket that it became. */
interface Admitted {
  revoked(refusal: TunnelError): void;
}

/** One request's leave to go on. It may be withdrawn at any time, and is looked at wherever the request has waited. */
export class Admittance {
  #withdrawn: TunnelError | null = null;
  #admitted: Admitted | null = null;

  /** Throws what withdrew it. */
  check(): void {
    if (this.#withdrawn !== null) throw this.#withdrawn;
  }

  /** Instead of what it covered before. */
  covers(admitted: Admitted): void {
    this.#admitted = admitted;
  }

  withdraw(refusal: TunnelError): void {
    this.#withdrawn = refusal;
    this.#admitted?.revoked(refusal);
  }
}
