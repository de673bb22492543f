import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateAuthority } from "../support/certificates.ts";
import { type Case, cases } from "./cases.ts";
import { compare } from "./compare.ts";
import { reasonFor } from "./differences.ts";
import { exchange, patiently, type Seen, type Target } from "./exchange.ts";
import { type LoadOptions, REFUSED_PATH, runLoad } from "./load.ts";
import { Origin } from "./origin.ts";
import { makeRoot, type Root } from "./root.ts";
import { apache } from "./servers/apache.ts";
import { gunicorn, phpFpm, puma, uvicorn } from "./servers/applications.ts";
import { caddy, h2o, lighttpd, nghttpd } from "./servers/file-servers.ts";
import { nginx } from "./servers/nginx.ts";
import { nodeEndpoints } from "./servers/node.ts";
import { haproxy, varnish } from "./servers/proxies.ts";
import { type Endpoint, freePort, type Place, type RealServer, runServer } from "./servers/real-server.ts";
import { type BatteryTunnel, startTunnel } from "./tunnel.ts";

const SERVERS: readonly RealServer[] = [
  ...[nginx, apache, h2o, nghttpd, caddy, lighttpd, haproxy, varnish],
  ...[gunicorn, uvicorn, puma, phpFpm],
];
export const SERVER_NAMES: readonly string[] = ["node", ...SERVERS.map(({ name }) => name)];

const CASE_LANES = 4;
const LOAD_LANES = [8, 32] as const;

export interface BatteryOptions {
  /** The servers to test; null: all that are installed. */
  only: readonly string[] | null;
  /** For each number of lanes. */
  requests: number;
  seed: number;
  say: (line: string) => void;
}

export interface BatteryReport {
  /** Differences that no list allows, and failures under load. */
  problems: string[];
  /** Each with the package that contains it. */
  skipped: string[];
  /** The servers that were tested, by their endpoints. */
  played: string[];
}

/** Real servers, each asked directly and through the tunnel. */
export async function runBattery({ only, requests, seed, say }: BatteryOptions): Promise<BatteryReport> {
  const directory = await mkdtemp(join(tmpdir(), "culvert-battery-"));
  // Servers that give up root's rights must be able to read the files.
  await chmod(directory, 0o755);
  const removeNow = () => rmSync(directory, { recursive: true, force: true });
  process.once("exit", removeNow);
  const closers: (() => Promise<unknown>)[] = [
    async () => {
      process.removeListener("exit", removeNow);
      await rm(directory, { recursive: true, force: true });
    },
  ];
  const report: BatteryReport = { problems: [], skipped: [], played: [] };
  const problem = (line: string) => {
    report.problems.push(line);
    say(`  ${line}`);
  };
  try {
    const root = await makeRoot(join(directory, "root"));
    const tls = await identities(directory);
    const origin = new Origin(root.pattern);
    closers.push(() => origin.close());
    const originPort = await origin.listen("http1");
    const wanted = (name: string) => only === null || only.includes(name);
    const endpoints = wanted("node") ? await nodeEndpoints(origin, originPort) : [];
    for (const server of SERVERS.filter(({ name }) => wanted(name))) {
      const binary = server.find();
      if (binary === null) {
        report.skipped.push(`${server.name} (package ${server.package})`);
        continue;
      }
      const place = await placeFor(
        join(directory, server.name),
        { root, tls: tls.server, originPort },
        closers,
      );
      try {
        endpoints.push(...(await server.start(binary, place)));
      } catch (error) {
        problem(`${server.name} did not start: ${String(error)}`);
      }
    }
    for (const name of report.skipped) say(`skipped, not installed: ${name}`);
    const tunnel = await startTunnel(directory, endpoints, tls.client);
    closers.push(() => tunnel.stop());
    for (const endpoint of endpoints) {
      const direct: Target = { ...endpoint, tls: tls.clientPem };
      const first = await exchange(direct, { method: "GET", path: "/" });
      if (first.error !== null) {
        problem(`${endpoint.name} itself does not answer: ${first.error}`);
        continue;
      }
      report.played.push(endpoint.name);
      await playCases(endpoint, direct, tunnel, problem, say);
      const upload = { method: "POST", path: REFUSED_PATH, body: Buffer.from("an upload") };
      const refusal = endpoint.offers.includes("files") ? await exchange(direct, upload) : null;
      for (const lanes of requests === 0 ? [] : LOAD_LANES) {
        const load = { offers: endpoint.offers, root, lanes, requests, seed, refusal };
        await playLoad(endpoint, direct, tunnel, load, problem, say);
      }
      if (!tunnel.connectorRuns()) {
        problem(`${endpoint.name} ended the connector: ${tunnel.log()}`);
        break;
      }
    }
    return report;
  } finally {
    for (const close of closers.toReversed()) await close().catch((error: unknown) => say(String(error)));
  }
}

async function playCases(
  endpoint: Endpoint,
  direct: Target,
  tunnel: BatteryTunnel,
  problem: (line: string) => void,
  say: (line: string) => void,
): Promise<void> {
  const { offers } = endpoint;
  const waiting = cases.filter(
    ({ needs, chunked }) => offers.includes(needs) && (chunked !== true || offers.includes("unsized")),
  );
  const count = waiting.length;
  const validators = await validatorsOf(direct);
  let differing = 0;
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const case_ = next.conditional === true ? withValidators(next, validators) : next;
      const [left, right] = await bothWays(endpoint, direct, tunnel, case_);
      const where = `${endpoint.name}, ${case_.name}`;
      if (case_.status !== undefined && left.status !== case_.status) {
        problem(`${where}: the server itself answers ${left.status || left.error} and not ${case_.status}`);
      }
      for (const gap of compare(left, right)) {
        if (reasonFor(endpoint.name, case_.name, gap) === null) {
          problem(`${where}: ${gap.aspect} is ${gap.tunnel}, directly ${gap.direct}`);
        } else differing += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: CASE_LANES }, lane));
  say(`${endpoint.name}: ${count} cases, ${differing} documented differences`);
}

async function playLoad(
  { name, losesEarly }: Endpoint,
  direct: Target,
  tunnel: BatteryTunnel,
  load: Omit<LoadOptions, "send">,
  problem: (line: string) => void,
  say: (line: string) => void,
): Promise<void> {
  const startedMs = performance.now();
  const through = tunnel.through(name);
  const wrong = await runLoad({
    ...load,
    send: (wanted, early) => (early ? tunnel.probe(name, wanted) : patiently(through, wanted)),
  });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const failed = [...wrong.values()].reduce((sum, count) => sum + count, 0);
  say(`${name}: ${load.requests} requests on ${load.lanes} lanes in ${seconds} s, ${failed} wrong`);
  if (wrong.size === 0) return;
  // A server may lose answers even without the tunnel. Then there is nothing to compare.
  const alone = await runLoad({ ...load, send: (wanted) => exchange(direct, wanted) });
  for (const [kind, count] of alone) say(`  ${name} alone, ${load.lanes} lanes: ${count} × ${kind}`);
  const isEarly = (kind: string) => kind.includes("/early");
  if (losesEarly !== undefined) say(`  ${name} loses early answers: ${losesEarly}`);
  const losesThem = losesEarly !== undefined || [...alone.keys()].some(isEarly);
  for (const [kind, count] of wrong) {
    const line = `${name}, ${load.lanes} lanes: ${count} × ${kind}`;
    if (alone.has(kind) || (isEarly(kind) && losesThem)) say(`  ${line}; as without the tunnel`);
    else problem(line);
  }
}

function bothWays(
  { name, protocol }: Endpoint,
  direct: Target,
  tunnel: BatteryTunnel,
  case_: Case,
): Promise<[Seen, Seen]> {
  const byKey = case_.rawPath === true ? tunnel.byKey(name) : null;
  const through = byKey?.target ?? tunnel.through(name);
  const fields = [...(case_.fields ?? []), ...(byKey?.fields ?? [])];
  // The direct request uses the protocol that the connector uses: a server may answer differently over HTTP/1.1 and HTTP/2.
  return Promise.all([exchange({ ...direct, protocol }, case_), patiently(through, { ...case_, fields })]);
}

interface Validators {
  etag: string;
  changed: string;
}

async function validatorsOf(direct: Target): Promise<Validators> {
  const { fields } = await exchange(direct, { method: "GET", path: "/files/small.txt" });
  const value = (name: string) => fields.find(([field]) => field === name)?.[1];
  return { etag: value("etag") ?? '"none"', changed: value("last-modified") ?? new Date().toUTCString() };
}

function withValidators(case_: Case, { etag, changed }: Validators): Case {
  const fields = (case_.fields ?? []).map(
    ([name, value]) => [name, value.replace("ETAG", etag).replace("CHANGED", changed)] as const,
  );
  return { ...case_, fields };
}

interface Identities {
  server: Place["tls"];
  /** As files, for the connector. */
  client: { ca: string; cert: string; key: string };
  /** The same as text, for our own requests. */
  clientPem: { ca: string; cert: string; key: string };
}

/** A private authority, with a certificate for a server and one for a client. */
async function identities(directory: string): Promise<Identities> {
  const authority = new CertificateAuthority("battery");
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  const ca = await write("ca.pem", authority.cert);
  const issue = async (name: string, subject: string) => {
    const { cert, key } = authority.issue(subject);
    const paths = { cert: await write(`${name}.cert.pem`, cert), key: await write(`${name}.key.pem`, key) };
    return { paths, pem: { cert, key } };
  };
  const [server, client] = [await issue("server", "localhost"), await issue("client", "battery-client")];
  return {
    server: { ca, ...server.paths },
    client: { ca, ...client.paths },
    clientPem: { ca: authority.cert, ...client.pem },
  };
}

async function placeFor(
  directory: string,
  { root, tls, originPort }: { root: Root; tls: Place["tls"]; originPort: number },
  closers: (() => Promise<unknown>)[],
): Promise<Place> {
  await mkdir(directory);
  // Workers that gave up root's rights write here.
  await chmod(directory, 0o777);
  return {
    directory,
    root: root.directory,
    originPort,
    tls,
    freePort,
    write: async (name, text) => {
      const path = join(directory, name);
      await writeFile(path, text);
      return path;
    },
    run: async (command, args, options) => {
      const server = await runServer(command, args, options);
      closers.push(() => server.stop());
    },
  };
}
