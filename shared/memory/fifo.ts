/** The array is compacted once at least so many places at its front are empty, and these are half of it. */
const MIN_EMPTY = 64;

/** A queue that removes its front in constant time. An array's own `shift` moves all other elements. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #front = 0;

  get length(): number {
    return this.#items.length - this.#front;
  }

  get first(): T | undefined {
    return this.#items[this.#front];
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1);
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#front];
    if (this.length === 0) return undefined;
    this.#items[this.#front++] = undefined;
    if (this.#front === this.#items.length) this.clear();
    else if (this.#front >= MIN_EMPTY && this.#front * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#front = 0;
  }
}
