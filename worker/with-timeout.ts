/** The result of `work`, or `otherwise` if it takes too long. It leaves no timer behind, which would keep the object awake. */
export async function withTimeout<T, U>(work: Promise<T>, timeoutMs: number, otherwise: U): Promise<T | U> {
  const timeout = Promise.withResolvers<U>();
  const timer = setTimeout(() => timeout.resolve(otherwise), timeoutMs);
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
