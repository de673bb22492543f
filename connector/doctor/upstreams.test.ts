import { afterEach, expect, it } from "vitest";
import { defaultCheck } from "../../shared/services/service-check.ts";
import { ByteServer } from "../../test/support/servers/byte-server.ts";
import { Names } from "../names/names.ts";
import { nodeClock } from "../platform/node-clock.ts";
import type { ConnectorSettings } from "../settings/connector-settings.ts";
import { parseAllowlist, UpstreamPolicy } from "../upstream/policy.ts";
import { examineUpstreams } from "./upstreams.ts";

const servers: ByteServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

it("checks TCP upstreams by connecting, with TLS if they begin with it", async () => {
  // No TLS: it ends on whatever it hears.
  const server = await new ByteServer((socket) => socket.end("no")).start();
  servers.push(server);
  const list = parseAllowlist("127.0.0.1");
  if (!list.ok) throw new Error("no list");
  const settings = { policy: new UpstreamPolicy(list.rules), limits: new Map(), upstreams: [] };
  const at = `127.0.0.1:${server.port}`;
  const checks = [
    defaultCheck("plain", `tcp://${at}`, null),
    defaultCheck("secure", `tls://${at}`, null),
    { ...defaultCheck("database", `tcp://${at}`, null), startTls: "postgres" as const },
    defaultCheck("closed", "tcp://127.0.0.1:9", null),
    defaultCheck("forbidden", "tcp://10.0.0.1:5432", null),
  ];
  const names = new Names({ clock: nodeClock });
  const found = await examineUpstreams(settings as unknown as ConnectorSettings, checks, {
    ...{ names, clock: nodeClock },
  });
  expect(found.map(({ check, verdict }) => [check, verdict])).toEqual([
    ["service plain", "PASS"],
    ["service secure", "FAIL"],
    ["service database", "FAIL"],
    ["service closed", "FAIL"],
    ["service forbidden", "FAIL"],
  ]);
  expect(server.received).toContain("");
});
