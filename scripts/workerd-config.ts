/** One gateway Worker with a port of its own, next to the relay. */
export interface GatewayOptions {
  name: string;
  /** A file with one ES module. */
  bundlePath: string;
  /** 0 for any free port. */
  port?: number;
  tunnelBindings: readonly TunnelBindingOptions[];
  /** Text bindings. */
  vars?: Readonly<Record<string, string>>;
  compatibilityFlags?: readonly string[];
}

export interface TunnelBindingOptions {
  /** The binding's name in the gateway's `env`. */
  binding: string;
  /** The relay reads it as `ctx.props`: `{ tunnel, project, environment }`. */
  props: Readonly<Record<string, unknown>>;
}

export interface WorkerdOptions {
  relay: {
    /** A file with one ES module. */
    bundlePath: string;
    /** Passed in the environment, so that it is in no file and in no argument. */
    adminKey: string;
    /** Further text bindings. */
    vars?: Readonly<Record<string, string>>;
    /** Allows log destinations on loopback and private networks. */
    mayCallPrivate?: boolean;
    /** Lets objects of these classes run another build, as happens for a while after a deploy. */
    otherBuild?: { bundlePath: string; classes: readonly ObjectClass[] };
  };
  gateways?: readonly GatewayOptions[];
  /** Default: 127.0.0.1. */
  host?: string;
  /** The relay's port. 0, the default, for any free one. */
  port?: number;
  /** The folder of the objects' SQLite files. Created if missing. */
  persistDir: string;
  /** Opens V8's inspector on loopback, for tests that read heap sizes. */
  inspect?: boolean;
  /** Called with each line that workerd prints. */
  onLog?: (line: string) => void;
  /** A file for workerd's output instead. A process that reads the output would use CPU time. */
  logFile?: string;
}

const COMPATIBILITY_DATE = "2026-11-17";
export const RELAY_SOCKET = "relay";
export const INSPECTOR_SOCKET = "inspector";
export const ADMIN_KEY_VARIABLE = "ADMIN_KEY";

/** The configuration in Cap'n Proto's text format, for `workerd serve -I /`: paths in `embed` are absolute. */
export function workerdConfig(options: WorkerdOptions, stateDir: string): string {
  const gateways = options.gateways ?? [];
  const services = [
    ...relayServices(options.relay),
    ...gateways.map(gatewayService),
    ...sharedServices(stateDir),
  ];
  const sockets = [
    socket(RELAY_SOCKET, address(options.host, options.port), "culvert"),
    ...gateways.map(({ name, port }) =>
      socket(gatewaySocket(name), address(options.host, port), gatewaySocket(name)),
    ),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")}
  ],
  sockets = [
    ${sockets.join(",\n    ")}
  ]
);
`;
}

export function gatewaySocket(name: string): string {
  return `gateway-${name}`;
}

const CLASSES = ["Tunnel", "Registry", "Telemetry"] as const;
export type ObjectClass = (typeof CLASSES)[number];
const RELAY = "culvert";
const OTHER_BUILD = "culvert-other-build";

function relayServices({ otherBuild, ...relay }: WorkerdOptions["relay"]): string[] {
  const others = otherBuild?.classes ?? [];
  const hostOf = (name: ObjectClass): string => (others.includes(name) ? OTHER_BUILD : RELAY);
  const own = relayService(RELAY, relay, hostOf);
  if (otherBuild === undefined) return [own];
  return [own, relayService(OTHER_BUILD, { ...relay, bundlePath: otherBuild.bundlePath }, hostOf)];
}

function relayService(
  service: string,
  { bundlePath, vars, mayCallPrivate = false }: WorkerdOptions["relay"],
  hostOf: (name: ObjectClass) => string,
): string {
  return worker(service, bundlePath, [
    `bindings = [${[
      `(name = "ADMIN_KEY", fromEnvironment = "${ADMIN_KEY_VARIABLE}")`,
      ...CLASSES.map(
        (name) =>
          `(name = "${name.toUpperCase()}", ` +
          `durableObjectNamespace = (className = "${name}", serviceName = "${hostOf(name)}"))`,
      ),
      ...textBindings({ PRIVATE_ADDRESSES: mayCallPrivate ? "on" : "off", ...vars }),
    ].join(", ")}]`,
    `durableObjectNamespaces = [${CLASSES.filter((name) => hostOf(name) === service)
      // The key is part of each object's id, so changing it loses all state.
      .map((name) => `(className = "${name}", uniqueKey = "culvert-${name}", enableSql = true)`)
      .join(", ")}]`,
    `durableObjectStorage = (localDisk = "state")`,
    ...(mayCallPrivate ? [`globalOutbound = "any-network"`] : []),
  ]);
}

function gatewayService({
  name,
  bundlePath,
  tunnelBindings,
  vars,
  compatibilityFlags = [],
}: GatewayOptions): string {
  const bindings = tunnelBindings.map(
    ({ binding, props }) =>
      `(name = ${text(binding)}, service = (name = "culvert", entrypoint = "TunnelBinding", ` +
      `props = (json = ${text(JSON.stringify(props))})))`,
  );
  return worker(gatewaySocket(name), bundlePath, [
    `bindings = [${[...bindings, ...textBindings(vars)].join(", ")}]`,
    `globalOutbound = "any-network"`,
    ...(compatibilityFlags.length === 0
      ? []
      : [`compatibilityFlags = [${compatibilityFlags.map(text).join(", ")}]`]),
  ]);
}

function worker(name: string, bundlePath: string, rest: readonly string[]): string {
  return `(name = ${text(name)}, worker = (${[
    `modules = [(name = "index.js", esModule = embed ${text(bundlePath)})]`,
    `compatibilityDate = "${COMPATIBILITY_DATE}"`,
    ...rest,
  ].join(", ")}))`;
}

/** Gateways may call loopback, so that tests can compare with direct calls. The relay may do so only on request. */
function sharedServices(stateDir: string): string[] {
  return [
    `(name = "state", disk = (path = ${text(stateDir)}, writable = true))`,
    `(name = "internet", network = (allow = ["public"], tlsOptions = (trustBrowserCas = true)))`,
    `(name = "any-network", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))`,
  ];
}

function socket(name: string, at: string, service: string): string {
  return `(name = ${text(name)}, address = ${text(at)}, http = (), service = ${text(service)})`;
}

function address(host = "127.0.0.1", port = 0): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function textBindings(vars: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`);
}

/** A Cap'n Proto string literal, which has `\xNN` where JSON has `\uNNNN`. */
function text(value: string): string {
  const escaped = value.replace(/[\\"\p{Cc}]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0x7f) return character;
    return `\\x${code.toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
