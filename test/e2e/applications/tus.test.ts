import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Upload } from "tus-js-client";
import { contentOf, sha256 } from "../../chaos/content.ts";
import { behindTunnel, type BehindTunnel, serveApplication } from "../../support/application.ts";

const FILE_BYTES = 5_000_000;
const CHUNK_BYTES = 400_000;

let tunnel: BehindTunnel;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "culvert-tus-"));
  const tus = new Server({ path: "/files", datastore: new FileStore({ directory }), relativeLocation: true });
  const served = await serveApplication((request, response) => {
    // The gateway offers it under another path, so the relative URL that follows depends on the request.
    tus.handle(request, response).catch(() => response.destroy());
  });
  tunnel = await behindTunnel(served);
});
afterAll(async () => {
  await tunnel?.stop();
  await rm(directory, { recursive: true, force: true });
});

it("an upload in pieces is interrupted, found again and finished", async () => {
  const content = contentOf("tus", FILE_BYTES);
  let url: string | null = null;
  /** Resolves with the number of bytes at the server, once there are `stopAt`, or all. */
  const upload = (stopAt: number) =>
    new Promise<number>((resolve, reject) => {
      let from: number | null = null;
      const running = new Upload(content, {
        endpoint: `${tunnel.url}/files`,
        ...(url === null ? {} : { uploadUrl: url }),
        chunkSize: CHUNK_BYTES,
        metadata: { filename: "caf\u00e9.bin" },
        retryDelays: null,
        onUploadUrlAvailable: () => {
          // The server returns its own path. The gateway offers it under another one.
          const path = new URL(running.url ?? "").pathname;
          if (!path.startsWith("/pass/")) running.url = `${tunnel.url}${path}`;
          url = running.url;
        },
        onChunkComplete: (_chunk, accepted) => {
          from ??= accepted;
          if (accepted < stopAt) return;
          void running.abort().then(() => resolve(accepted));
        },
        onError: reject,
        onSuccess: () => resolve(FILE_BYTES),
      });
      running.start();
    });
  expect(await upload(1_500_000)).toBeLessThan(FILE_BYTES);
  expect(await upload(Infinity)).toBe(FILE_BYTES);
  const stored = await readFile(join(directory, String(url).split("/").at(-1) ?? ""));
  expect(sha256(stored)).toBe(sha256(content));
});
