/** Exit codes of the admin commands; docs/setup.md lists them. */
export const EXIT_CODE = {
  ok: 0,
  /** The relay refused, the command failed, or the person answered no. */
  failed: 1,
  /** Wrong arguments, settings or services file. */
  usage: 2,
  notAuthorised: 3,
  notFound: 4,
  /** No relay answers at that address. */
  unreachable: 5,
} as const;

export type Failure = Exclude<keyof typeof EXIT_CODE, "ok">;

/** A failure that a person can act on. The program prints its message and no stack trace. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly failure: Failure;

  constructor(failure: Failure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
