/** A global setup that runs once, though several projects want it and each has its own copy of the module that makes it. */
export function once(name: string, run: () => Promise<unknown>): () => Promise<void> {
  const key = `culvert.test.${name}`;
  const shared = globalThis as unknown as Record<string, Promise<void> | undefined>;
  return () => (shared[key] ??= run().then(() => {}));
}
