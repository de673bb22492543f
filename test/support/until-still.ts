const LOOK_MS = 25;
const LOOKS = 20;

/** Resolves once the number has stood still for half a second; one that never does outlasts the test. */
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
