import { CONTAINER_IMAGE } from "../../shared/release/container-image.ts";
import {
  connectLine,
  containerLines,
  envFileOf,
  envLines,
  keepLine,
} from "../../shared/terminal/connector-lines.ts";
import { terminalText } from "../../shared/terminal/terminal-text.ts";

export interface TokenLinesOptions {
  token: string;
  /** The tunnel's name. */
  name: string;
  /** Origin of the relay. */
  relay: string;
  /** The file with the token. Null if the token is to be printed. */
  envFile: string | null;
}

/** What to do next with a new token. */
export function tokenLines({ token, name, relay, envFile }: TokenLinesOptions): string {
  const file = envFile ?? envFileOf(name);
  return [envFile === null ? shown(token, file) : kept(envFile), running(file), container(relay, file)].join(
    "\n\n",
  );
}

function shown(token: string, file: string): string {
  return `Token   ${terminalText(token)}
        Culvert shows it only this once. Whoever has it can answer for your services.

Keep it in a file that you alone can read. Run this, paste the two lines under it, end with Ctrl-D:

  ${keepLine(file)}

${envLines(token)}`;
}

function kept(file: string): string {
  return `The token is in ${terminalText(file)}, which only you can read. Set TUNNEL_ALLOW there.`;
}

function running(file: string): string {
  return `Run a connector with these settings (TUNNEL_ALLOW: the upstreams that it may reach):

  ${connectLine(file)}`;
}

function container(relay: string, file: string): string {
  if (relay.startsWith("http:")) {
    return `No container can reach ${terminalText(relay)}: the relay listens on this machine's own loopback.`;
  }
  return `Or in a container, whose image \`docker build -t ${CONTAINER_IMAGE} .\` makes from the repository:

${containerLines(file).replace(/^/gm, "  ")}`;
}
