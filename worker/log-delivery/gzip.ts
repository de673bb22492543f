export async function gzip(text: string): Promise<ArrayBuffer> {
  return through(new CompressionStream("gzip"), new TextEncoder().encode(text)).arrayBuffer();
}

export async function gunzip(bytes: ArrayBuffer): Promise<string> {
  return through(new DecompressionStream("gzip"), bytes).text();
}

function through(transform: CompressionStream | DecompressionStream, bytes: BufferSource): Response {
  return new Response(new Blob([bytes]).stream().pipeThrough(transform));
}
