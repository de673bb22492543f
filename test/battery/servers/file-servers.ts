import { EVERY_OFFER, findProgram, type Endpoint, type RealServer } from "./real-server.ts";

export const h2o: RealServer = {
  name: "h2o",
  package: "h2o",
  find: () => findProgram("h2o"),
  async start(binary, place) {
    const [http1, h2] = await Promise.all([1, 2].map(place.freePort));
    const configuration = await place.write(
      "h2o.yaml",
      `${process.getuid?.() === 0 ? "user: root" : ""}
num-threads: 2
error-log: /dev/null
pid-file: ${place.directory}/h2o.pid
temp-buffer-path: ${place.directory}
limit-request-body: 67108864
compress: [gzip]
file.mime.addtypes:
  text/plain: .txt
listen:
  host: 127.0.0.1
  port: ${http1}
listen:
  host: 127.0.0.1
  port: ${h2}
  ssl:
    certificate-file: ${place.tls.cert}
    key-file: ${place.tls.key}
hosts:
  default:
    paths:
      /files:
        file.dir: ${place.root}/files
        file.index: [index.html]
      /app:
        proxy.reverse.url: http://127.0.0.1:${place.originPort}/app
        proxy.preserve-host: ON
`,
    );
    await place.run(binary, ["-c", configuration], { ports: [http1, h2].map(Number) });
    return [
      { name: "h2o", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers: EVERY_OFFER },
      { name: "h2o-h2-tls", origin: `https://localhost:${h2}`, protocol: "http2", offers: EVERY_OFFER },
    ] satisfies Endpoint[];
  },
};

export const nghttpd: RealServer = {
  name: "nghttpd",
  package: "nghttp2-server",
  find: () => findProgram("nghttpd"),
  async start(binary, place) {
    const [h2c, h2] = await Promise.all([1, 2].map(place.freePort));
    const common = ["-a", "127.0.0.1", "-d", place.root, "--error-gzip"];
    await place.run(binary, [...common, "--no-tls", String(h2c)], { ports: [Number(h2c)] });
    await place.run(binary, [...common, String(h2), place.tls.key, place.tls.cert], { ports: [Number(h2)] });
    const offers = ["files", "unsized"] as const;
    return [
      { name: "nghttpd-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers },
      { name: "nghttpd-h2-tls", origin: `https://localhost:${h2}`, protocol: "http2", offers },
    ] satisfies Endpoint[];
  },
};

export const caddy: RealServer = {
  name: "caddy",
  package: "caddy",
  find: () => findProgram("caddy"),
  async start(binary, place) {
    const [http1, h2c, h2] = await Promise.all([1, 2, 3].map(place.freePort));
    const routes = `
  encode gzip
  request_body /app/limited {
    max_size 10KB
  }
  handle /app/* {
    reverse_proxy 127.0.0.1:${place.originPort}
  }
  handle /files/* {
    root * ${place.root}
    file_server
  }`;
    const configuration = await place.write(
      "Caddyfile",
      `{
  admin off
  auto_https off
  storage file_system ${place.directory}
  log {
    level ERROR
  }
  servers 127.0.0.1:${http1} {
    protocols h1
  }
  servers 127.0.0.1:${h2c} {
    protocols h1 h2c
  }
  servers 127.0.0.1:${h2} {
    protocols h1 h2
  }
}
http://:${http1} {
  bind 127.0.0.1
${routes}
}
http://:${h2c} {
  bind 127.0.0.1
${routes}
}
https://localhost:${h2} {
  bind 127.0.0.1
  tls ${place.tls.cert} ${place.tls.key}
${routes}
}
`,
    );
    await place.run(binary, ["run", "--config", configuration, "--adapter", "caddyfile"], {
      ports: [http1, h2c, h2].map(Number),
      environment: {
        HOME: place.directory,
        XDG_CONFIG_HOME: place.directory,
        XDG_DATA_HOME: place.directory,
      },
    });
    return [
      {
        ...{ name: "caddy", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers: EVERY_OFFER },
        losesEarly:
          "once an answer begins, Go's server takes what is left of the upload for itself (golang/go 15527): " +
          "caddy ends the connection in the middle of 1 to 10% of such answers, to curl and Node as well",
      },
      { name: "caddy-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers: EVERY_OFFER },
      { name: "caddy-h2-tls", origin: `https://localhost:${h2}`, protocol: "http2", offers: EVERY_OFFER },
    ] satisfies Endpoint[];
  },
};

export const lighttpd: RealServer = {
  name: "lighttpd",
  package: "lighttpd",
  find: () => findProgram("lighttpd"),
  async start(binary, place) {
    const [http1, h2c] = await Promise.all([1, 2].map(place.freePort));
    const configuration = (port: unknown, http2: boolean) => `server.document-root = "${place.root}"
server.bind = "127.0.0.1"
server.port = ${String(port)}
server.modules = ( "mod_proxy" )
server.upload-dirs = ( "${place.directory}" )
server.max-request-field-size = 65535
server.feature-flags = ( "server.h2proto" => "${http2 ? "enable" : "disable"}", "server.h2c" => "${http2 ? "enable" : "disable"}" )
index-file.names = ( "index.html" )
mimetype.assign = ( ".txt" => "text/plain", ".html" => "text/html", "" => "application/octet-stream" )
$HTTP["url"] =^ "/app/" {
  proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => ${place.originPort} ) ) )
}
`;
    for (const [port, http2] of [
      [http1, false],
      [h2c, true],
    ] as const) {
      const file = await place.write(`lighttpd-${port}.conf`, configuration(port, http2));
      await place.run(binary, ["-D", "-f", file], { ports: [Number(port)] });
    }
    const offers = ["files", "ranges", "application", "origin"] as const;
    const http1Offers = [...offers, "unsized"] as const;
    return [
      { name: "lighttpd", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers: http1Offers },
      { name: "lighttpd-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers },
    ] satisfies Endpoint[];
  },
};
