import { existsSync } from "node:fs";
import { EVERY_OFFER, findProgram, type Endpoint, type RealServer } from "./real-server.ts";

const MODULES = "/usr/lib/apache2/modules";

export const apache: RealServer = {
  name: "apache2",
  package: "apache2",
  find: () => (existsSync(MODULES) ? findProgram("apache2") : null),
  async start(binary, place) {
    const [http1, h2c, h2] = await Promise.all([1, 2, 3].map(place.freePort));
    const modules = ["mpm_event", "authz_core", "dir", "mime", "deflate", "filter", "proxy", "proxy_http"];
    const load = [...modules, "http2", "ssl", "headers"].map(
      (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
    );
    const host = (port: unknown, more: string) => `Listen 127.0.0.1:${String(port)}
<VirtualHost 127.0.0.1:${String(port)}>
  ${more}
</VirtualHost>`;
    const { cert, key } = place.tls;
    const configuration = await place.write(
      "apache.conf",
      `${load.join("\n")}
ServerRoot ${place.directory}
ServerName localhost
PidFile ${place.directory}/apache.pid
DefaultRuntimeDir ${place.directory}
ErrorLog ${place.directory}/error.log
LogLevel crit
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
StartServers 2
ThreadsPerChild 32
MaxRequestWorkers 96
LimitRequestLine 32000
LimitRequestFieldSize 32000
LimitRequestFields 300
KeepAliveTimeout 5
MaxKeepAliveRequests 100
AllowEncodedSlashes NoDecode
TypesConfig /dev/null
AddType text/plain .txt
AddType text/html .html
DirectoryIndex index.html
AddOutputFilterByType DEFLATE text/plain
DocumentRoot ${place.root}
<Directory ${place.root}>
  Require all granted
</Directory>
ProxyPass /app/ http://127.0.0.1:${place.originPort}/app/ nocanon
<Location /app/limited>
  LimitRequestBody 10240
</Location>
${host(http1, "Protocols http/1.1")}
${host(h2c, "Protocols h2c http/1.1")}
${host(
  h2,
  `Protocols h2 http/1.1
  SSLEngine on
  SSLCertificateFile ${cert}
  SSLCertificateKeyFile ${key}`,
)}
`,
    );
    await place.run(binary, ["-DFOREGROUND", "-f", configuration], { ports: [http1, h2c, h2].map(Number) });
    return [
      { name: "apache", origin: `http://127.0.0.1:${http1}`, protocol: "http1", offers: EVERY_OFFER },
      { name: "apache-h2c", origin: `http://127.0.0.1:${h2c}`, protocol: "http2", offers: EVERY_OFFER },
      { name: "apache-h2-tls", origin: `https://localhost:${h2}`, protocol: "http2", offers: EVERY_OFFER },
    ] satisfies Endpoint[];
  },
};
