import { readFile } from "node:fs/promises";
import { findProgram, type Endpoint, type RealServer } from "./real-server.ts";

export const haproxy: RealServer = {
  name: "haproxy",
  package: "haproxy",
  find: () => findProgram("haproxy"),
  async start(binary, place) {
    const [http1, h2c, h2] = await Promise.all([1, 2, 3].map(place.freePort));
    const both = (await readFile(place.tls.cert, "utf8")) + (await readFile(place.tls.key, "utf8"));
    const pem = await place.write("both.pem", both);
    const configuration = await place.write(
      "haproxy.cfg",
      `global
  maxconn 1000
  tune.bufsize 65536
  tune.http.maxhdr 300
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend all
  bind 127.0.0.1:${http1}
  bind 127.0.0.1:${h2c} proto h2
  bind 127.0.0.1:${h2} ssl crt ${pem} alpn h2,http/1.1
  default_backend origin
backend origin
  server origin 127.0.0.1:${place.originPort}
`,
    );
    await place.run(binary, ["-db", "-f", configuration], { ports: [http1, h2c, h2].map(Number) });
    const offers = ["application", "origin", "interim", "trailers", "unsized"] as const;
    return [
      { name: "haproxy", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers },
      { name: "haproxy-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers },
      { name: "haproxy-h2-tls", origin: `https://localhost:${h2}`, protocol: "http2", offers },
    ] satisfies Endpoint[];
  },
};

export const varnish: RealServer = {
  name: "varnish",
  package: "varnish",
  find: () => findProgram("varnishd"),
  async start(binary, place) {
    const [http1, h2c] = await Promise.all([1, 2].map(place.freePort));
    // Nothing is cached, so that both answers come from the origin.
    const vcl = await place.write(
      "pass.vcl",
      `vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${place.originPort}"; }
sub vcl_recv { return (pass); }
`,
    );
    const parameters = ["feature=+http2", "http_max_hdr=320", "http_req_hdr_len=32k", "http_req_size=64k"];
    const more = [...parameters, "http_resp_hdr_len=32k", "http_resp_size=128k", "workspace_client=512k"];
    await place.run(
      binary,
      [
        ...["-F", "-j", "none", "-n", place.directory, "-f", vcl, "-s", "malloc,32m"],
        ...["-a", `127.0.0.1:${http1}`, "-a", `127.0.0.1:${h2c}`],
        ...[...more, "workspace_backend=512k"].flatMap((parameter) => ["-p", parameter]),
      ],
      { ports: [http1, h2c].map(Number) },
    );
    const offers = ["application", "origin", "unsized"] as const;
    return [
      { name: "varnish", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers },
      { name: "varnish-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers },
    ] satisfies Endpoint[];
  },
};
