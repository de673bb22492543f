import { connectTcp, type TunnelBinding } from "../../kit/gateway/index.ts";

/** Sends the request's body to a TCP service, and answers with what comes back, or with the code of the failure. */
export default {
  async fetch(request: Request, env: { TUNNEL: TunnelBinding }): Promise<Response> {
    try {
      const socket = connectTcp(env.TUNNEL, new URL(request.url).pathname.slice(1));
      await socket.opened;
      const sent = request.body?.pipeTo(socket.writable) ?? socket.writable.close();
      const text = await new Response(socket.readable).text();
      await sent;
      return new Response(text);
    } catch (thrown) {
      return new Response((thrown as { code?: string }).code ?? "cut", { status: 502 });
    }
  },
};
