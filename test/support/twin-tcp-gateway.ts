import { connectTcp, type TunnelBinding } from "../../kit/gateway/index.ts";

/** Sends what it gets to a TCP service, and answers with what comes back; a failure by its code. */
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
