import { chmod, copyFile, cp, mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Buildah } from "./buildah.ts";
import { command } from "./command.ts";

export const BUILD_IMAGE = "localhost/culvert-check/build";
export const RUNTIME_IMAGE = "localhost/culvert-check/runtime";

const CERTIFICATES = "etc/ssl/certs/ca-certificates.crt";

/** Creates a small Debian in a folder, from Debian's own packages. */
export async function debianTree(folder: string): Promise<void> {
  await command("debootstrap", ["--variant=minbase", "bookworm", folder], { timeoutMs: 400_000 });
}

/**
 * Creates substitutes for the Dockerfile's two base images, because no registry is available here: a Debian with this Node
 * and npm, and an image with only the libraries that Node needs.
 */
export async function makeBaseImages(buildah: Buildah, debian: string, npmCli: string): Promise<void> {
  const node = join(debian, "usr/local/bin/node");
  await copyFile(process.execPath, node);
  await cp(dirname(dirname(npmCli)), join(debian, "usr/local/lib/node_modules/npm"), { recursive: true });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(debian, "usr/local/bin/npm"));
  const hasCertificates = await stat(`/${CERTIFICATES}`).then(
    () => true,
    () => false,
  );
  if (hasCertificates) {
    await mkdir(dirname(join(debian, CERTIFICATES)), { recursive: true });
    await copyFile(`/${CERTIFICATES}`, join(debian, CERTIFICATES));
  }
  await buildah.imageOf(debian, BUILD_IMAGE, {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...(hasCertificates ? { NODE_EXTRA_CA_CERTS: `/${CERTIFICATES}` } : {}),
  });

  const runtime = `${debian}-runtime`;
  const libraries = await command("chroot", [debian, "ldd", "/usr/local/bin/node"]);
  for (const [path] of libraries.matchAll(/\/lib\S+/g)) {
    await mkdir(dirname(join(runtime, path)), { recursive: true });
    await copyFile(join(debian, path), join(runtime, path));
    await chmod(join(runtime, path), 0o755);
  }
  await mkdir(join(runtime, "etc"), { recursive: true });
  await writeFile(join(runtime, "etc/passwd"), "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n");
  await buildah.imageOf(runtime, RUNTIME_IMAGE);
}
