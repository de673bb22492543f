import { randomBytes } from "node:crypto";
import {
  OWN_CAPABILITIES,
  decodeMessage,
  encodeGoaway,
  FRAME,
  type Frame,
  decodeSettings,
  decodeWelcome,
  encodeHello,
  CLOSE_GOING_AWAY,
  CONNECTION_WINDOW_BYTES,
  CONNECTOR_STREAM_WINDOW_BYTES,
  MAX_CHECKS,
  PING_TEXT,
  PONG_TEXT,
  readObjects,
  CheckListReader,
} from "../../shared/protocol/index.ts";
import { parseServiceChecks, type ServiceCheck } from "../../shared/services/index.ts";
import type { DialRelay } from "../relay/index.ts";

const TIMEOUT_MS = 10_000;

export type Handshake =
  | {
      ok: true;
      relayVersion: string;
      /** The object that has answered, and all that carry the tunnel: only itself if it names no others. */
      object: string;
      objects: readonly string[];
      roundTripMs: number;
      checks: readonly ServiceCheck[];
    }
  /** The relay answered the attempt with this status. */
  | { ok: false; status: number }
  | { ok: false; status: null; reason: string };

/**
 * Attaches as a connector does, with a GOAWAY right after the HELLO. So the relay sends what it would send to a connector, but opens no
 * stream. Then it leaves.
 */
export function shakeHands(
  dialRelay: DialRelay,
  softwareVersion: string,
  object: string | null = null,
): Promise<Handshake> {
  return new Promise((resolve) => {
    const checkLists = new CheckListReader();
    let relayVersion: string | null = null;
    let landedOn = "";
    let objects: readonly string[] | null = null;
    let checks: readonly ServiceCheck[] | null = null;
    let askedAtMs = 0;
    const settle = (handshake: Handshake) => {
      clearTimeout(timer);
      connection.close(CLOSE_GOING_AWAY, "examined");
      resolve(handshake);
    };
    const lose = (reason: string) => settle({ ok: false, status: null, reason });
    const timer = setTimeout(() => lose(`no answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS);

    const connection = dialRelay(
      {
        onOpen: () => {
          connection.send(greeting(softwareVersion));
        },
        onMessage(message) {
          try {
            decodeMessage(message, (type, _flags, _streamId, payload) => {
              if (type === FRAME.WELCOME) {
                const welcome = decodeWelcome(payload);
                relayVersion = welcome.softwareVersion;
                landedOn = welcome.relayId;
              }
              if (type !== FRAME.SETTINGS) return;
              const settings = decodeSettings(payload);
              objects = readObjects(settings)?.names ?? objects;
              const list = checkLists.read(settings);
              if (list !== null)
                checks = (parseServiceChecks(list.json, MAX_CHECKS) ?? []).filter((check) => check !== null);
            });
          } catch {
            return lose("the relay's answer cannot be understood");
          }
          if (relayVersion === null || checks === null || askedAtMs > 0) return;
          askedAtMs = performance.now();
          connection.sendText(PING_TEXT);
        },
        onText(text) {
          if (text !== PONG_TEXT || relayVersion === null)
            return lose("the relay's answer cannot be understood");
          const roundTripMs = performance.now() - askedAtMs;
          const told = { object: landedOn, objects: objects ?? [landedOn] };
          settle({ ok: true, relayVersion, ...told, roundTripMs, checks: checks ?? [] });
        },
        onDrained() {},
        onRefused: (status) => settle({ ok: false, status }),
        onLost: lose,
        onFault: (thrown) => lose(`a fault of this program: ${String(thrown)}`),
      },
      object,
    );
  });
}

function greeting(softwareVersion: string): Frame[] {
  const hello = encodeHello({
    softwareVersion,
    connectorId: `doctor_${randomBytes(12).toString("hex")}`,
    connectionIndex: 0,
    capabilities: OWN_CAPABILITIES,
    maxStreams: 1,
    streamWindowBytes: CONNECTOR_STREAM_WINDOW_BYTES,
    connectionWindowBytes: CONNECTION_WINDOW_BYTES,
  });
  const goaway = encodeGoaway({ lastStreamId: 0, code: "DRAINING", drainMs: 0, text: "only looking" });
  const frame = (type: number, payload: Uint8Array) => ({ type, flags: 0, streamId: 0, payload });
  return [frame(FRAME.HELLO, hello), frame(FRAME.GOAWAY, goaway)];
}
