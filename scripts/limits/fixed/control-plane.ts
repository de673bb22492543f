import { limit, type Section } from "./limit.ts";

const IDENTITIES = "worker/auth/workload-identity";

export const CONTROL_PLANE: Section = {
  title: "Keys, configuration and the API",
  limits: [
    limit(
      "services file",
      "shared/services/services-file.ts",
      "MAX_SERVICES_FILE_BYTES",
      "413 `BODY_TOO_LARGE`",
    ),
    limit(
      "log destination",
      "shared/events/log-destination.ts",
      "MAX_LOG_DESTINATION_BYTES",
      "413 `BODY_TOO_LARGE`",
    ),
    limit("other bodies", "worker/api/routes/tunnels.ts", "SMALL_BODY_BYTES", "413 `BODY_TOO_LARGE`"),
    limit(
      "overlap of tokens",
      "worker/api/routes/tunnels.ts",
      "MAX_OVERLAP_SECONDS",
      "400 `INVALID_REQUEST`",
    ),
    limit("the same, if not given", "worker/api/routes/tunnels.ts", "DEFAULT_OVERLAP_SECONDS", "–"),
    limit(
      "identities of a tunnel",
      "worker/registry/identities.ts",
      "MAX_IDENTITIES_PER_TUNNEL",
      "409 `LIMIT_REACHED`",
    ),
    limit(
      "an identity with its keys",
      `${IDENTITIES}/workload-identity.ts`,
      "MAX_IDENTITY_BYTES",
      "413 `BODY_TOO_LARGE`",
    ),
    limit(
      "subjects of an identity",
      `${IDENTITIES}/workload-identity.ts`,
      "MAX_SUBJECTS",
      "400 `INVALID_REQUEST`",
    ),
    limit("keys of an identity", `${IDENTITIES}/workload-identity.ts`, "MAX_KEYS", "400 `INVALID_REQUEST`"),
    limit("lifetime of its tokens", `${IDENTITIES}/known-identities.ts`, "MAX_LIFETIME_SECONDS", "401"),
    limit("entries on a page", "worker/api/paging.ts", "MAX_LIMIT", "400 `INVALID_REQUEST`"),
    limit(
      "earlier services files",
      "worker/registry/stores/registry-store.ts",
      "KEPT_FILES",
      "the oldest is deleted",
    ),
    limit(
      "entries of the audit log",
      "worker/registry/stores/audit-log.ts",
      "KEPT_ENTRIES",
      "the oldest are deleted",
    ),
    limit("`ADMIN_KEY`, at least", "worker/auth/admin-key.ts", "MIN_ADMIN_KEY_LENGTH", "not used"),
    limit("failed attempts of one network, at once", "worker/auth/failure-limiter.ts", "BURST", "429"),
    limit("and one more every", "worker/auth/failure-limiter.ts", "REFILL_MS", "–"),
    limit("dashboard session", "worker/registry/stores/session-store.ts", "SESSION_MS", "sign in again"),
    limit("the same, unused", "worker/registry/stores/session-store.ts", "IDLE_MS", "sign in again"),
    limit(
      "sessions of one key",
      "worker/registry/stores/session-store.ts",
      "SESSIONS_PER_KEY",
      "the oldest ends",
    ),
  ],
};
