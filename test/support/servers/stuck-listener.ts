import { connect } from "node:net";
import type { Socket } from "node:net";
import { startChild } from "../../../scripts/demo/child-process.ts";

const FILL_TIMEOUT_MS = 200;
const MAX_FILLERS = 16;
const RECEIVE_TIMEOUT_MS = 15_000;

const LISTENER = (host: string, port: number) => `
  const server = require("node:net").createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => console.log("received"));
  });
  server.listen({ port: ${port}, host: "${host}", backlog: 1 }, () => {
    console.log("listening " + server.address().port);
  });`;

export interface StuckListener {
  port: number;
  /** From now on it accepts connections. A kernel that retries gets in after about a second. */
  release(): void;
  /** Resolves when a client has sent something. */
  received(): Promise<unknown>;
  close(): Promise<void>;
}

/** A port on which connecting neither succeeds nor fails: the process is stopped and its backlog is full. */
export async function startStuckListener(host = "127.0.0.1", wantedPort = 0): Promise<StuckListener> {
  const child = startChild("stuck listener", process.execPath, ["-e", LISTENER(host, wantedPort)]);
  const port = Number((await child.line(/^listening (\d+)$/, 10_000))[1]);
  child.signal("SIGSTOP");
  const fillers: Socket[] = [];
  while (fillers.length < MAX_FILLERS && (await connects(host, port, fillers))) {
    // Each takes one place in the backlog.
  }
  return {
    port,
    release: () => child.signal("SIGCONT"),
    received: () => child.line(/^received$/, RECEIVE_TIMEOUT_MS),
    async close() {
      for (const socket of fillers) socket.destroy();
      await child.stop(0);
    },
  };
}

function connects(host: string, port: number, fillers: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    fillers.push(socket);
    const timer = setTimeout(() => resolve(false), FILL_TIMEOUT_MS);
    socket.on("error", () => {});
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
