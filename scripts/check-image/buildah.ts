import { join } from "node:path";
import { command } from "./command.ts";

/** The part of an image's configuration that affects how an engine runs it. */
export interface ImageConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  StopSignal: string;
  Healthcheck: { Test: string[] };
  ExposedPorts: Record<string, unknown>;
}

/** Builds and stores images without a daemon. `RUN` steps run in a chroot, on this machine's network. */
export class Buildah {
  readonly #store: readonly string[];

  constructor(directory: string) {
    this.#store = [
      ...["--root", join(directory, "images"), "--runroot", join(directory, "run")],
      ...["--storage-driver", "vfs"],
    ];
  }

  /** Creates an image from one folder. */
  async imageOf(folder: string, name: string, environment: Record<string, string> = {}): Promise<void> {
    const container = await this.#run(["from", "scratch"]);
    await this.#run(["add", "--quiet", container, folder, "/"]);
    for (const [key, value] of Object.entries(environment)) {
      await this.#run(["config", "--env", `${key}=${value}`, container]);
    }
    await this.#run(["commit", "--quiet", "--rm", container, name]);
  }

  /** Uses Docker's image format, because OCI's has no health check. */
  async build(options: {
    context: string;
    name: string;
    buildArgs: Record<string, string>;
    volumes: readonly string[];
  }): Promise<void> {
    await this.#run([
      ...["build", "--isolation", "chroot", "--network", "host", "--format", "docker", "--pull-never"],
      ...Object.entries(options.buildArgs).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
      ...options.volumes.flatMap((volume) => ["--volume", volume]),
      ...["--tag", options.name, options.context],
    ]);
  }

  async config(name: string): Promise<ImageConfig> {
    const inspected = JSON.parse(await this.#run(["inspect", "--type", "image", name])) as {
      Docker: { config: ImageConfig };
    };
    return inspected.Docker.config;
  }

  /** The path of a new container's root file system. */
  async mount(name: string): Promise<string> {
    return this.#run(["mount", await this.#run(["from", "--pull-never", name])]);
  }

  async #run(args: readonly string[]): Promise<string> {
    const output = await command("buildah", [...this.#store, ...args], { timeoutMs: 400_000 });
    return output.trim();
  }
}
