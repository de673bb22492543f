import { CONTAINER_IMAGE } from "../../shared/container-image.ts";
import { shellQuoted } from "../../shared/terminal/shell-quoted.ts";
import { terminalText } from "../../shared/terminal/terminal-text.ts";

/** Somewhat longer than the connector's own grace period, which is 30 s. */
const STOP_TIMEOUT_SECONDS = 45;

export interface TokenLinesOptions {
  token: string;
  /** Of the tunnel. */
  name: string;
  /** Origin of the relay. */
  relay: string;
  /** It holds the token already; null: the token is to be shown. */
  envFile: string | null;
}

/**
 * What a person does with a new token. It stands in no line that is typed: a shell keeps those, and other users of the
 * machine see the arguments of programs.
 */
export function tokenLines({ token, name, relay, envFile }: TokenLinesOptions): string {
  const file = envFile ?? `${slugOf(name)}.env`;
  return [envFile === null ? shown(token, file) : kept(envFile), running(file), container(relay, file)].join(
    "\n\n",
  );
}

function shown(token: string, file: string): string {
  return `Token   ${terminalText(token)}
        Shown this once. Whoever has it can answer for your services.

Keep it in a file that you alone can read. Run this, paste the two lines under it, end with Ctrl-D:

  (umask 077 && cat > ${shellQuoted(file)})

${envLines(token)}`;
}

function kept(file: string): string {
  return `The token is in ${terminalText(file)}, which you alone can read. Set TUNNEL_ALLOW there.`;
}

/** TUNNEL_ALLOW: the upstreams that the connector may reach. */
export function envLines(token: string): string {
  return `TUNNEL_TOKEN=${terminalText(token)}\nTUNNEL_ALLOW=HOST:PORT`;
}

function running(file: string): string {
  const path = file.includes("/") ? file : `./${file}`;
  return `Run a connector with these settings (TUNNEL_ALLOW: the upstreams that it may reach):

  (set -a && . ${shellQuoted(path)} && exec culvert connect)`;
}

/** Settings that are wrong end a connector with 78, and would again at each restart: they are tried first. */
function container(relay: string, file: string): string {
  if (relay.startsWith("http:")) {
    return `No container can reach ${terminalText(relay)}: the relay listens on this machine's own loopback.`;
  }
  const settings = `--env-file ${shellQuoted(file)} ${CONTAINER_IMAGE}`;
  return `Or in a container, whose image \`docker build -t ${CONTAINER_IMAGE} .\` makes from the repository:

  docker run --rm ${settings} connect --check &&
    docker run -d --restart unless-stopped --stop-timeout ${STOP_TIMEOUT_SECONDS} ${settings}`;
}

function slugOf(name: string): string {
  return (
    name
      .replace(/[^A-Za-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 40) || "tunnel"
  );
}
