import { TunnelError } from "../protocol/index.ts";

/**
 * May this frame arrive now? One half of a stream, as its receiver sees it:
 *
 *   head ──HEAD INFO──▶ head                 awaiting the final response head (relay only)
 *   head ──HEAD──▶ body        head ──HEAD 101──▶ messages (kind websocket)
 *   body ──DATA──▶ body        messages ──WSMSG──▶ messages
 *   head ──HEAD END──▶ ended   body ──DATA END, TRAILERS──▶ ended   messages ──WSCLOSE──▶ ended
 *
 * The request half (connector) starts in body, or in ended if OPEN has END. For a WebSocket, HEAD 101 takes it to messages.
 * Kind tcp has neither informational heads nor trailers. Its HEAD only says that the connection is established.
 * Any state goes to ended on RESET. A frame that has no arrow is a stream error.
 */
export type Half = "head" | "body" | "messages" | "ended";

export type HalfEvent =
  | { frame: "HEAD"; informational: boolean; end: boolean; switchesProtocols: boolean }
  | { frame: "DATA" | "WSMSG"; end: boolean }
  | { frame: "TRAILERS" | "WSCLOSE" };

/** The state after the event. Throws a stream error if the event is not allowed. */
export function nextHalf(half: Half, event: HalfEvent, kind: "http" | "websocket" | "tcp"): Half {
  switch (event.frame) {
    case "HEAD":
      if (half !== "head") throw refused(half, "HEAD");
      if (event.switchesProtocols && kind !== "websocket") throw refused(half, "HEAD 101 on kind " + kind);
      if (event.informational && kind === "tcp") throw refused(half, "an informational HEAD on kind tcp");
      if (event.informational) {
        if (event.end) throw refused(half, "an informational HEAD with END");
        return "head";
      }
      if (event.switchesProtocols && event.end) throw refused(half, "HEAD 101 with END");
      if (event.end) return "ended";
      return event.switchesProtocols ? "messages" : "body";
    case "DATA":
      if (half !== "body") throw refused(half, "DATA");
      return event.end ? "ended" : "body";
    case "TRAILERS":
      if (half !== "body" || kind === "tcp") throw refused(half, `TRAILERS on kind ${kind}`);
      return "ended";
    case "WSMSG":
      if (half !== "messages") throw refused(half, "WSMSG");
      return "messages";
    case "WSCLOSE":
      if (half !== "messages") throw refused(half, "WSCLOSE");
      return "ended";
  }
}

function refused(half: Half, what: string): TunnelError {
  return new TunnelError("STREAM_ERROR", `${what} while the half is ${half}`);
}
