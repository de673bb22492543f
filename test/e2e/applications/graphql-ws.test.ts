import { setTimeout as sleep } from "node:timers/promises";
import {
  execute,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  subscribe,
  validate,
} from "graphql";
import { type Client, createClient } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { behindTunnel, type BehindTunnel, serveApplication } from "../../support/application.ts";

let tunnel: BehindTunnel;
let client: Client;
/** The number of subscriptions whose source was told to end. */
let ended = 0;

async function* count(_root: unknown, { to }: { to: number }) {
  try {
    for (let number = 0; number < to; number++) {
      yield { count: number };
      if (number % 50 === 0) await sleep(1);
    }
  } finally {
    ended += 1;
  }
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: "Query",
    fields: {
      hello: { type: GraphQLString, resolve: () => "w\u00f6rld" },
      broken: {
        type: GraphQLString,
        resolve: () => {
          throw new Error("no");
        },
      },
    },
  }),
  subscription: new GraphQLObjectType({
    name: "Subscription",
    fields: {
      count: { type: GraphQLInt, args: { to: { type: new GraphQLNonNull(GraphQLInt) } }, subscribe: count },
    },
  }),
});

beforeAll(async () => {
  const served = await serveApplication();
  const webSockets = new WebSocketServer({ server: served.server, path: "/graphql" });
  // Both must use the same copy of the `graphql` package. graphql-ws would load another copy than the test runner.
  const functions = { execute, subscribe, validate };
  useServer(
    { schema, ...functions, onConnect: ({ connectionParams }) => connectionParams?.["key"] === "right" },
    webSockets,
  );
  tunnel = await behindTunnel(served);
  client = connect("right");
});
afterAll(async () => {
  await client?.dispose();
  await tunnel?.stop();
});

function connect(key: string): Client {
  const url = `${tunnel.url.replace("http", "ws")}/graphql`;
  return createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { key },
    retryAttempts: 0,
    lazy: true,
  });
}

it("carries queries, and errors in their place", async () => {
  const results: unknown[] = [];
  for await (const result of client.iterate({ query: "{ hello broken }" })) results.push(result);
  expect(results).toMatchObject([
    { data: { hello: "w\u00f6rld", broken: null }, errors: [{ message: "no" }] },
  ]);
});

it("ten subscriptions at once, each whole and in its order", async () => {
  const counted = async () => {
    const numbers: unknown[] = [];
    const query = "subscription { count(to: 300) }";
    for await (const { data } of client.iterate({ query })) numbers.push(data?.["count"]);
    return numbers;
  };
  const expected = Array.from({ length: 300 }, (_, number) => number);
  for (const numbers of await Promise.all(Array.from({ length: 10 }, counted))) {
    expect(numbers).toEqual(expected);
  }
});

it("a subscription that is given up ends at its source", async () => {
  const before = ended;
  const subscription = client.iterate({ query: "subscription { count(to: 100000000) }" });
  await subscription.next();
  await subscription.return?.();
  await expect.poll(() => ended, { timeout: 20_000 }).toBe(before + 1);
});

it("a refusal arrives with its close code", async () => {
  const refused = connect("wrong");
  const reason = await refused
    .iterate({ query: "{ hello }" })
    .next()
    .then(
      () => null,
      (error: unknown) => error,
    );
  expect(reason).toMatchObject({ code: 4403, reason: "Forbidden" });
  await refused.dispose();
});
