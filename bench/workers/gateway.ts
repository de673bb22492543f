/** The gateway of every subject on workerd: hands each request on to the service of its binding. */
interface Env {
  TUNNEL: Fetcher;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const path = request.url.slice(request.url.indexOf("/", "https://".length));
    return env.TUNNEL.fetch(new Request(`http://bench-api${path}`, request));
  },
} satisfies ExportedHandler<Env>;
