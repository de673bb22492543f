/** Applied in order, each once. Never edit a released one; add another. docs/registry.md describes the tables. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tunnels (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    deleted_at_ms INTEGER,
    config_version INTEGER NOT NULL
  );
  CREATE TABLE tokens (
    kid TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    digest_hex TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX tokens_by_tunnel ON tokens (tunnel_id);
  CREATE INDEX tokens_by_expiry ON tokens (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE services_configurations (
    tunnel_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    file TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tunnel_id, version)
  );
  CREATE TABLE config_pushes (
    object_name TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX config_pushes_by_due ON config_pushes (due_at_ms);
  CREATE TABLE gateway_keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kid TEXT NOT NULL UNIQUE,
    digest_hex TEXT NOT NULL,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  );
  CREATE TABLE api_keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kid TEXT NOT NULL UNIQUE,
    digest_hex TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  );
  CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before TEXT,
    after TEXT
  );
  `,
  `
  CREATE TABLE sessions (
    kid TEXT PRIMARY KEY,
    digest_hex TEXT NOT NULL,
    actor TEXT NOT NULL,
    admin_proof_hex TEXT,
    created_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_actor ON sessions (actor, used_at_ms);
  `,
  `
  CREATE TABLE log_destinations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    destination TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  );
  CREATE TABLE log_destinations_revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
  );
  CREATE TABLE telemetry_reports (
    object_name TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    connectors INTEGER,
    metrics TEXT NOT NULL,
    deliveries TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL
  );
  INSERT INTO relay (id, name) VALUES (1, 'culvert-' || lower(hex(randomblob(16))));
  -- Tunnels learn the name with their next configuration: what they ask for has to be newer than what they hold.
  UPDATE tunnels SET config_version = config_version + 1;
  `,
  `
  ALTER TABLE gateway_keys ADD COLUMN public_url TEXT;
  `,
  `
  CREATE TABLE tails (
    object_name TEXT NOT NULL,
    kid TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    end_due_ms INTEGER,
    PRIMARY KEY (object_name, kid)
  ) WITHOUT ROWID;
  CREATE INDEX tails_by_kid ON tails (kid);
  `,
  `
  ALTER TABLE tunnels ADD COLUMN objects_revision INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE tunnels ADD COLUMN min_objects INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE tunnels ADD COLUMN max_objects INTEGER NOT NULL DEFAULT 32;
  ALTER TABLE tunnels ADD COLUMN drain_seconds INTEGER NOT NULL DEFAULT 300;
  ALTER TABLE tunnels ADD COLUMN location TEXT;
  CREATE TABLE tunnel_objects (
    name TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    location TEXT,
    phase TEXT NOT NULL,
    phase_since_ms INTEGER NOT NULL,
    pulled INTEGER NOT NULL,
    added_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX tunnel_objects_by_tunnel ON tunnel_objects (tunnel_id);
  -- Their objects exist: they were pushed to when the tunnels were made, and have to go on hearing of revocations.
  INSERT INTO tunnel_objects (name, tunnel_id, location, phase, phase_since_ms, pulled, added_at_ms)
    SELECT id, id, NULL, 'serving', created_at_ms, 1, created_at_ms FROM tunnels;
  `,
  `
  CREATE TABLE alerts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_sent_at_ms INTEGER,
    last_error TEXT
  );
  CREATE TABLE alert_presence (
    object_name TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    presence TEXT NOT NULL,
    lost INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX alert_presence_by_tunnel ON alert_presence (tunnel_id);
  CREATE TABLE alert_tunnels (
    tunnel_id TEXT PRIMARY KEY,
    most_connectors INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    next_look_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX alert_tunnels_by_look ON alert_tunnels (next_look_ms) WHERE next_look_ms IS NOT NULL;
  CREATE TABLE alert_conditions (
    tunnel_id TEXT NOT NULL,
    key TEXT NOT NULL,
    summary TEXT NOT NULL,
    state TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tunnel_id, key)
  ) WITHOUT ROWID;
  CREATE TABLE alert_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL,
    notice TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    made_at_ms INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL
  );
  CREATE INDEX alert_notices_by_alert ON alert_notices (alert_id, id);
  `,
  `
  ALTER TABLE tunnels ADD COLUMN objects_needed_at_ms INTEGER;
  CREATE INDEX tunnels_by_need ON tunnels (id) WHERE objects_needed_at_ms IS NOT NULL;
  CREATE INDEX tunnel_objects_in_change ON tunnel_objects (tunnel_id) WHERE phase <> 'serving';
  `,
  `
  ALTER TABLE services_configurations ADD COLUMN actor TEXT;
  ALTER TABLE services_configurations ADD COLUMN rolled_back_to INTEGER;
  `,
  `
  CREATE TABLE captures (
    id TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    service TEXT NOT NULL,
    max_requests INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX captures_by_tunnel ON captures (tunnel_id);
  `,
  `
  ALTER TABLE api_keys ADD COLUMN name TEXT;
  ALTER TABLE api_keys ADD COLUMN last_used_at_ms INTEGER;
  ALTER TABLE api_keys ADD COLUMN expires_at_ms INTEGER;
  CREATE INDEX api_keys_by_expiry ON api_keys (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  ALTER TABLE audit_log ADD COLUMN actor_name TEXT;
  `,
  `
  CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    tunnel_id TEXT NOT NULL,
    identity TEXT NOT NULL,
    proof_hex TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX identities_by_tunnel ON identities (tunnel_id);
  `,
];

export function migrate(storage: DurableObjectStorage): void {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
  const [row] = sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray();
  const applied = row?.version ?? 0;
  if (applied === MIGRATIONS.length) return;
  storage.transactionSync(() => {
    for (const migration of MIGRATIONS.slice(applied)) sql.exec(migration);
    sql.exec("DELETE FROM schema_version");
    sql.exec("INSERT INTO schema_version (version) VALUES (?)", MIGRATIONS.length);
  });
}
