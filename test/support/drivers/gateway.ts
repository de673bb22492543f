/** A gateway with real drivers. Each path runs one piece of work, and answers with its result. */
import { nodeSocket } from "../../../examples/tcp/node-socket.ts";
import { connectTcp, type TunnelBinding } from "../../../kit/gateway/index.ts";
import { work } from "./work.ts";

export default {
  async fetch({ url }: Request, env: { TUNNEL: TunnelBinding }): Promise<Response> {
    const { pathname, search } = new URL(url);
    return Response.json(await work(pathname + search, (name) => nodeSocket(connectTcp(env.TUNNEL, name))));
  },
};
