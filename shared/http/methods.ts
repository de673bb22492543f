/** RFC 9110 §9.2.1, and QUERY: they only ask. Sent again they do no harm that asking once does not. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

/** RFC 9110 §9.2.2: sent twice, these do what they do once. */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([...SAFE_METHODS, "PUT", "DELETE"]);
