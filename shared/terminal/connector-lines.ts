import { CONTAINER_IMAGE } from "../release/container-image.ts";
import { shellQuoted } from "./shell-quoted.ts";
import { terminalText } from "./terminal-text.ts";

/** Somewhat longer than the connector's own grace period, which is 30 s. */
const STOP_TIMEOUT_SECONDS = 45;

/*
 * What a person types for a new connector. No line contains the token, because a shell keeps a history, and other users of the
 * machine can see the arguments of programs.
 */

/** Where a tunnel's token is kept unless somebody says otherwise. */
export function envFileOf(tunnelName: string): string {
  const slug = tunnelName
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return `${slug || "tunnel"}.env`;
}

/** TUNNEL_ALLOW: the upstreams that the connector may reach. */
export function envLines(token: string): string {
  return `TUNNEL_TOKEN=${terminalText(token)}\nTUNNEL_ALLOW=HOST:PORT`;
}

/** A command that reads the lines above from the terminal into a file that nobody else can read. */
export function keepLine(file: string): string {
  return `(umask 077 && cat > ${shellQuoted(file)})`;
}

export function connectLine(file: string): string {
  const path = file.includes("/") ? file : `./${file}`;
  return `(set -a && . ${shellQuoted(path)} && exec culvert connect)`;
}

/** Tries the settings first: with wrong ones a connector exits with 78, and would do so again at each restart. */
export function containerLines(file: string): string {
  const settings = `--env-file ${shellQuoted(file)} ${CONTAINER_IMAGE}`;
  return `docker run --rm ${settings} connect --check &&
  docker run -d --restart unless-stopped --stop-timeout ${STOP_TIMEOUT_SECONDS} ${settings}`;
}
