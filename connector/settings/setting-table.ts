interface Setting {
  /** Null: arguments can be read by every user of the machine, so a secret has none. */
  flag: string | null;
  env: string;
  /** What stands in the help for its value. */
  value: string;
  about: string;
  /** In words. */
  standard: string;
  /** When a change of the settings file takes effect. */
  changes: "at once" | "with the next connection" | "with a restart";
}

/** One row per setting; its key is its name in the settings file. */
export const SETTINGS = {
  token: {
    flag: null,
    env: "TUNNEL_TOKEN",
    value: "<token>",
    about: "the tunnel's token",
    standard: "required, or tokenFile",
    changes: "with the next connection",
  },
  tokenFile: {
    flag: "--token-file",
    env: "TUNNEL_TOKEN_FILE",
    value: "<path>",
    about: "file with the tunnel's token",
    standard: "none",
    changes: "with the next connection",
  },
  identity: {
    flag: "--identity",
    env: "TUNNEL_IDENTITY",
    value: "<url>",
    about: "the identity that the tunnel trusts; tokenFile then contains its JSON Web Token",
    standard: "none: the token is the tunnel's",
    changes: "with the next connection",
  },
  relay: {
    flag: "--relay",
    env: "TUNNEL_RELAY",
    value: "<url>",
    about: "relay to connect to, instead of the one that the token names",
    standard: "the token's",
    changes: "with the next connection",
  },
  allow: {
    flag: "--allow",
    env: "TUNNEL_ALLOW",
    value: "<list>",
    about: 'upstreams that gateways may reach, e.g. "api.internal:8080,10.0.0.0/8:443"',
    standard: "none: every request is refused",
    changes: "at once",
  },
  services: {
    flag: "--services",
    env: "TUNNEL_SERVICES",
    value: "<yaml>",
    about: "limits for single services: methods, paths, body size",
    standard: "no limits",
    changes: "at once",
  },
  upstreams: {
    flag: "--upstreams",
    env: "TUNNEL_UPSTREAMS",
    value: "<yaml>",
    about: "settings for single upstreams: TLS, protocol, timeouts, pool",
    standard: "checked certificates, 10s to connect, 60s to answer",
    changes: "at once",
  },
  connections: {
    flag: "--connections",
    env: "TUNNEL_CONNECTIONS",
    value: "<n>",
    about: "connections to each object of the tunnel, up to 8",
    standard: "1",
    changes: "with a restart",
  },
  connectorName: {
    flag: "--connector-name",
    env: "TUNNEL_CONNECTOR_NAME",
    value: "<name>",
    about: "a name for people: up to 64 letters, digits, dots, hyphens and underscores",
    standard: "the host's name",
    changes: "with a restart",
  },
  maxStreams: {
    flag: "--max-streams",
    env: "TUNNEL_MAX_STREAMS",
    value: "<n>",
    about: "concurrent requests for each connection, over all objects, up to 1048",
    standard: "536",
    changes: "with a restart",
  },
  gracePeriod: {
    flag: "--grace-period",
    env: "TUNNEL_GRACE_PERIOD",
    value: "<time>",
    about: "how long requests may take to finish after SIGTERM",
    standard: "30s",
    changes: "at once",
  },
  stallTimeout: {
    flag: "--stall-timeout",
    env: "TUNNEL_STALL_TIMEOUT",
    value: "<time>",
    about: "how long a reader may read nothing, up to 1h; a service's own limit takes precedence",
    standard: "5m",
    changes: "with the next connection",
  },
  metrics: {
    flag: "--metrics",
    env: "TUNNEL_METRICS",
    value: "<host:port>",
    about: "address of /healthz, /readyz, /metrics",
    standard: "127.0.0.1:20241, or the next free of five",
    changes: "with a restart",
  },
  loglevel: {
    flag: "--loglevel",
    env: "TUNNEL_LOGLEVEL",
    value: "<level>",
    about: "debug, info, warn, error or fatal",
    standard: "info",
    changes: "at once",
  },
  accessLog: {
    flag: "--access-log",
    env: "TUNNEL_ACCESS_LOG",
    value: "<share>",
    about: "which requests to log: all, off, or a share such as 5%",
    standard: "all",
    changes: "at once",
  },
  proxy: {
    flag: "--proxy",
    env: "HTTPS_PROXY",
    value: "<url>",
    about: "proxy to the relay; a user name and password only in the environment or the file",
    standard: "none",
    changes: "with the next connection",
  },
  proxyBypass: {
    flag: "--proxy-bypass",
    env: "NO_PROXY",
    value: "<list>",
    about: "hosts, domains and address ranges to reach without the proxy; * for all",
    standard: "none",
    changes: "with the next connection",
  },
  otlpEndpoint: {
    flag: "--otlp-endpoint",
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    value: "<url>",
    about: "where to send traces by OTLP/HTTP, e.g. http://collector.internal:4318",
    standard: "none: no traces",
    changes: "with a restart",
  },
  otlpHeaders: {
    flag: null,
    env: "OTEL_EXPORTER_OTLP_HEADERS",
    value: "<list>",
    about: "header fields to send with traces, e.g. api-key=secret",
    standard: "none",
    changes: "with a restart",
  },
  traceShare: {
    flag: "--trace-share",
    env: "OTEL_TRACES_SAMPLER_ARG",
    value: "<0 to 1>",
    about: "share of requests to trace when the caller sends no trace of its own",
    standard: "1",
    changes: "with a restart",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Where the file itself is; the one setting that it cannot hold. */
export const CONFIG_FILE = {
  flag: "--config",
  env: "TUNNEL_CONFIG",
  value: "<path>",
  about: "settings file in YAML",
} as const;

export type Flags = Partial<Record<SettingName | "config", string>>;
