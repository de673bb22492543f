import { findProgram, type Endpoint, type Place, type RealServer } from "./real-server.ts";

/** The configuration of one port: files, compressed text, the origin as a proxied server, and an upload limit. */
function host(place: Place, listen: string, more = ""): string {
  return `server {
    listen ${listen};
    root ${place.root};
    ${more}
    location /files/ { }
    location /app/limited { client_max_body_size 10k; proxy_pass http://127.0.0.1:${place.originPort}; }
    location /app/ { proxy_pass http://127.0.0.1:${place.originPort}; }
  }`;
}

export const nginx: RealServer = {
  name: "nginx",
  package: "nginx-light",
  find: () => findProgram("nginx"),
  async start(binary, place) {
    const [http1, h2c, tls12, tls13, https1] = await Promise.all([1, 2, 3, 4, 5].map(place.freePort));
    const { ca, cert, key } = place.tls;
    const tls = (versions: string) => `ssl_certificate ${cert}; ssl_certificate_key ${key};
    ssl_client_certificate ${ca}; ssl_verify_client on; ssl_protocols ${versions};`;
    const configuration = await place.write(
      "nginx.conf",
      nginxConfiguration(
        place,
        `
  ${host(place, `127.0.0.1:${http1}`)}
  ${host(place, `127.0.0.1:${h2c} http2`)}
  ${host(place, `127.0.0.1:${tls12} ssl http2`, tls("TLSv1.2"))}
  ${host(place, `127.0.0.1:${tls13} ssl http2`, tls("TLSv1.3"))}
  ${host(place, `127.0.0.1:${https1} ssl`, tls("TLSv1.2 TLSv1.3"))}`,
      ),
    );
    const ports = [http1, h2c, tls12, tls13, https1].map(Number);
    await place.run(binary, nginxArguments(configuration), { ports });
    const offers = ["files", "ranges", "gzip", "application", "origin", "trailers", "unsized"] as const;
    return [
      { name: "nginx", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers },
      { name: "nginx-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers },
      { name: "nginx-h2-tls12", origin: `https://localhost:${tls12}`, protocol: "http2", offers },
      { name: "nginx-h2-tls13", origin: `https://localhost:${tls13}`, protocol: "http2", offers },
      { name: "nginx-https1", origin: `https://localhost:${https1}`, protocol: "http1", offers },
    ] satisfies Endpoint[];
  },
};

export const nginxArguments = (configuration: string) => ["-c", configuration, "-e", "stderr"];

export function nginxConfiguration({ directory }: Place, hosts: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join(" ");
  // Only root can read what root wrote. For any other user, nginx keeps that user.
  return `daemon off; worker_processes 2; error_log stderr crit; pid ${directory}/nginx.pid;
${process.getuid?.() === 0 ? "user root root;" : ""}
events { worker_connections 1024; }
http {
  ${temporary}
  types { text/html html; text/plain txt; }
  default_type application/octet-stream;
  access_log off; server_tokens off; client_max_body_size 64m; large_client_header_buffers 8 64k;
  gzip on; gzip_types text/plain; gzip_min_length 100;
  proxy_http_version 1.1; proxy_buffer_size 64k; proxy_buffers 8 64k;
  ${hosts}
}
`;
}
