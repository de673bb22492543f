import { spawnSync } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { nginx, nginxArguments, nginxConfiguration } from "./nginx.ts";
import { findProgram, type Endpoint, type RealServer } from "./real-server.ts";

const SOURCES = join(import.meta.dirname, "../applications");
const OFFERS = ["application", "unsized"] as const;
/** Debian's own Python: another one that comes first in the PATH does not have Debian's packages. */
const PYTHON = "/usr/bin/python3";

const one = (name: string, port: number): Endpoint[] => [
  { name, origin: `http://127.0.0.1:${port}`, protocol: "http1", offers: OFFERS },
];

function hasPythonModule(name: string): boolean {
  return spawnSync(PYTHON, ["-c", `import ${name}`], { stdio: "ignore", timeout: 20_000 }).status === 0;
}

export const gunicorn: RealServer = {
  name: "gunicorn",
  package: "gunicorn",
  find: () => (hasPythonModule("gunicorn") ? PYTHON : null),
  async start(binary, place) {
    const port = await place.freePort();
    const limits = ["--limit-request-line", "8190", "--limit-request-fields", "300"];
    await place.run(
      binary,
      [
        ...["-m", "gunicorn", "--bind", `127.0.0.1:${port}`, "--threads", "16", "--workers", "2"],
        ...["--worker-class", "gthread", "--log-level", "critical", "--chdir", SOURCES, ...limits],
        ...["--limit-request-field_size", "32768", "--worker-tmp-dir", place.directory, "wsgi:application"],
      ],
      { ports: [port], environment: { BATTERY_ROOT: place.root, PYTHONDONTWRITEBYTECODE: "1" } },
    );
    return one("gunicorn", port);
  },
};

export const uvicorn: RealServer = {
  name: "uvicorn",
  package: "uvicorn",
  find: () => (hasPythonModule("uvicorn") ? PYTHON : null),
  async start(binary, place) {
    const port = await place.freePort();
    await place.run(
      binary,
      [
        ...["-m", "uvicorn", "--host", "127.0.0.1", "--port", String(port), "--app-dir", SOURCES],
        ...["--log-level", "critical", "--no-access-log", "--http", "h11", "asgi:application"],
      ],
      { ports: [port], environment: { BATTERY_ROOT: place.root, PYTHONDONTWRITEBYTECODE: "1" } },
    );
    return one("uvicorn", port);
  },
};

export const puma: RealServer = {
  name: "puma",
  package: "puma",
  find: () => findProgram("puma"),
  async start(binary, place) {
    const port = await place.freePort();
    await place.run(
      binary,
      [
        ...["-b", `tcp://127.0.0.1:${port}`, "-t", "16:16", "-e", "production", "--quiet"],
        join(SOURCES, "config.ru"),
      ],
      { ports: [port], environment: { BATTERY_ROOT: place.root } },
    );
    return one("puma", port);
  },
};

const findPhp = () =>
  findProgram("php-fpm", ...["8.5", "8.4", "8.3", "8.2", "8.1", "7.4"].map((version) => `php-fpm${version}`));

export const phpFpm: RealServer = {
  name: "php-fpm",
  package: "php-fpm",
  find: () => (nginx.find() === null ? null : findPhp()),
  async start(binary, place) {
    const [port, fpm] = await Promise.all([1, 2].map(place.freePort));
    const isRoot = process.getuid?.() === 0;
    const pool = await place.write(
      "php-fpm.conf",
      `[global]
daemonize = no
error_log = ${place.directory}/error.log
log_level = alert
pid = ${place.directory}/php.pid
[www]
${isRoot ? "user = root\ngroup = root" : ""}
listen = 127.0.0.1:${fpm}
pm = static
pm.max_children = 16
env[BATTERY_ROOT] = ${place.root}
`,
    );
    const script = join(place.directory, "index.php");
    await copyFile(join(SOURCES, "index.php"), script);
    await place.run(binary, ["-F", ...(isRoot ? ["-R"] : []), "-y", pool, "-n"], { ports: [Number(fpm)] });
    const fields = {
      REQUEST_METHOD: "$request_method",
      QUERY_STRING: "$query_string",
      REQUEST_URI: "$request_uri",
    };
    const more = {
      CONTENT_TYPE: "$content_type",
      CONTENT_LENGTH: "$content_length",
      SCRIPT_FILENAME: script,
    };
    const parameters = Object.entries({ ...fields, ...more, SERVER_PROTOCOL: "$server_protocol" })
      .map(([name, value]) => `fastcgi_param ${name} ${value};`)
      .join(" ");
    const configuration = await place.write(
      "nginx.conf",
      nginxConfiguration(
        place,
        `server {
    listen 127.0.0.1:${port};
    fastcgi_buffer_size 128k; fastcgi_buffers 8 128k;
    location /app/ { ${parameters} fastcgi_pass 127.0.0.1:${fpm}; }
  }`,
      ),
    );
    await place.run(nginx.find() ?? "nginx", nginxArguments(configuration), { ports: [Number(port)] });
    return one("php-fpm", Number(port));
  },
};
