const MAX_LINES = 500;
const MAX_CHARACTERS = 256 * 1024;

/** The newest log lines of this process, for a support bundle. */
export class LastLines {
  #lines: string[] = [];
  #characters = 0;

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length > MAX_LINES || (this.#characters > MAX_CHARACTERS && this.#lines.length > 1))
      this.#characters -= this.#lines.shift()?.length ?? 0;
  }

  get text(): string {
    return this.#lines.join("");
  }
}
