import { type FileHandle, open, unlink } from "node:fs/promises";
import { CommandError } from "../exit-code.ts";
import { envLines } from "../../shared/terminal/connector-lines.ts";

/** Saves a new token in a file, or, without a file, leaves it to the caller to print it. */
export class KeptToken {
  /** Null if the token is to be printed. */
  readonly path: string | null;
  readonly #file: FileHandle | null;

  private constructor(path: string | null, file: FileHandle | null) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Creates the file before the relay is asked, because a token that could not be saved would be lost. Never overwrites a
   * file.
   */
  static async begin(path: string | undefined): Promise<KeptToken> {
    if (path === undefined) return new KeptToken(null, null);
    try {
      return new KeptToken(path, await open(path, "wx", 0o600));
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      const why = code === "EEXIST" ? "exists already" : `cannot be written: ${code ?? "unknown reason"}`;
      throw new CommandError("usage", `${path} ${why}`, { cause: thrown });
    }
  }

  async keep<T extends { token: string }>(ask: () => Promise<T>): Promise<T> {
    try {
      const made = await ask();
      if (this.#file === null) return made;
      if (!/^[\x21-\x7e]+$/.test(made.token))
        throw new CommandError("failed", "The relay's answer is not a token.");
      await this.#file.writeFile(`${envLines(made.token)}\n`);
      await this.#file.close();
      return made;
    } catch (thrown) {
      await this.#file?.close().catch(() => {});
      if (this.path !== null) await unlink(this.path).catch(() => {});
      throw thrown;
    }
  }

  /** The relay's answer as it may be printed: without the token, if that is in a file. */
  without<T extends { token: string }>(made: T): T | Omit<T, "token"> {
    if (this.path === null) return made;
    const { token: _, ...rest } = made;
    return rest;
  }
}
