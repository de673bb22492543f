import { describe, expect, it } from "vitest";
import {
  decodeHello,
  decodeSettings,
  decodeWelcome,
  encodeHello,
  encodeSettingList,
  encodeWelcome,
  type Hello,
  type Welcome,
} from "./handshake.ts";

const windows = { streamWindowBytes: 65_536, connectionWindowBytes: 1_048_576 };
const hello: Hello = {
  ...{ softwareVersion: "0.1.0", connectorId: "con_1", connectionIndex: 0, capabilities: 0, maxStreams: 5 },
  ...windows,
};
const welcome: Welcome = {
  ...{ softwareVersion: "0.1.0", relayId: "tnl_1", epoch: 0, capabilities: 0 },
  ...windows,
};

/** With a setting more, of any bytes. */
function withSetting(payload: Uint8Array, id: number, text: string): Uint8Array {
  const parts = [...decodeSettings(payload)].map(([known, bytes]) => ({ id: known, bytes }));
  return encodeSettingList([...parts, { id, bytes: new TextEncoder().encode(text) }]);
}

describe("build and name in the handshake", () => {
  it("are sent if they are known", () => {
    const named = { ...hello, build: "0123456789ab", connectorName: "rack-7.internal" };
    expect(decodeHello(encodeHello(named))).toEqual(named);
    expect(decodeWelcome(encodeWelcome({ ...welcome, build: "v2" }))).toEqual({ ...welcome, build: "v2" });
  });

  it("may be absent, as from peers of version 0.1", () => {
    expect(decodeHello(encodeHello(hello))).toEqual(hello);
    expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome);
  });

  it.each(["", "a b", "\u001b[31m", "x".repeat(65), "büro"])(
    "never end a connection, whatever they contain: %j",
    (text) => {
      expect(decodeHello(withSetting(withSetting(encodeHello(hello), 11, text), 12, text))).toEqual(hello);
      expect(decodeWelcome(withSetting(encodeWelcome(welcome), 11, text))).toEqual(welcome);
    },
  );
});
