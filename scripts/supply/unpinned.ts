export interface Supply {
  lockFile: string;
  packageFile: string;
  dockerfile: string;
  /** The Node version that the known digests are for. */
  nodeVersion: string;
  release: boolean;
  env: Readonly<Record<string, string | undefined>>;
}

const DIGEST = /@sha256:[0-9a-f]{64}$/;

/** What comes from elsewhere and has no digest, or differs from the pinned version. */
export function unpinned({ lockFile, packageFile, dockerfile, nodeVersion, release, env }: Supply): string[] {
  const { devDependencies } = JSON.parse(packageFile) as { devDependencies: Record<string, string> };
  const images = imagesOf(dockerfile);
  const problems = withoutIntegrity(lockFile);
  if (devDependencies["node"] !== nodeVersion) {
    problems.push(
      `scripts/node-digests.json is of Node ${nodeVersion}, package.json names ${devDependencies["node"]}`,
    );
  }
  for (const { argument, image } of images) {
    const used = (release ? env[argument] : undefined) ?? image;
    if (argument === "BUILD_IMAGE" && !used.includes(nodeVersion)) {
      problems.push(`Dockerfile: ${argument} is ${used}, and the pinned Node is ${nodeVersion}`);
    }
    if (release && !DIGEST.test(used)) {
      problems.push(`Dockerfile: ${argument} is ${used}: name it by its digest, as NAME:TAG@sha256:…`);
    }
  }
  return problems;
}

function withoutIntegrity(lockFile: string): string[] {
  const { packages } = JSON.parse(lockFile) as {
    packages: Record<string, { integrity?: string; link?: boolean }>;
  };
  return Object.entries(packages)
    .filter(
      ([path, entry]) => path !== "" && entry.link !== true && !(entry.integrity ?? "").startsWith("sha512-"),
    )
    .map(([path]) => `package-lock.json: ${path} has no SHA-512`);
}

/**
 * The images that build stages start from. Throws for an image that is not an argument, because it would escape the check.
 */
function imagesOf(dockerfile: string): { argument: string; image: string }[] {
  const standard = new Map(
    [...dockerfile.matchAll(/^ARG ([A-Z_]+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
  return [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from = ""]) => {
    const argument = /^\$\{([A-Z_]+)\}$/.exec(from)?.[1] ?? "";
    const image = standard.get(argument);
    if (image === undefined) throw new Error(`Dockerfile: FROM ${from} is no argument with a default`);
    return { argument, image };
  });
}
