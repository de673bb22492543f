import { connect } from "node:net";
import type { Socket } from "node:net";
import { startChild } from "../../../scripts/demo/child-process.ts";

const FILL_TIMEOUT_MS = 200;
const MAX_FILLERS = 16;

const LISTENER = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    console.log("listening " + server.address().port);
  });`;

/** A port on which connecting neither succeeds nor fails: its process is stopped and its backlog is full. */
export async function startStuckListener(): Promise<{ port: number; close(): Promise<void> }> {
  const child = startChild("stuck listener", process.execPath, ["-e", LISTENER]);
  const port = Number((await child.line(/^listening (\d+)$/, 10_000))[1]);
  child.signal("SIGSTOP");
  const fillers: Socket[] = [];
  while (fillers.length < MAX_FILLERS && (await connects(port, fillers))) {
    // Each takes a place in the backlog.
  }
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      await child.stop(0);
    },
  };
}

function connects(port: number, fillers: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    fillers.push(socket);
    const timer = setTimeout(() => resolve(false), FILL_TIMEOUT_MS);
    socket.on("error", () => {});
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
