const LOOK_MS = 25;
const LOOKS = 20;

/** Resolves when the number has not changed for half a second. If it never stops changing, the test times out. */
export async function untilStill(read: () => number): Promise<number> {
  let last = read();
  for (let still = 0; still < LOOKS;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = read();
    still = now === last ? still + 1 : 0;
    last = now;
  }
  return last;
}
