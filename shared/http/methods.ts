/** RFC 9110 §9.2.1, and QUERY: methods that only read. Sending one again does no harm. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

/** RFC 9110 §9.2.2: sending one of these twice has the same effect as sending it once. */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([...SAFE_METHODS, "PUT", "DELETE"]);
