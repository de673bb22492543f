import { expect, it } from "vitest";
import type { TunnelObject } from "../../api-types.ts";
import type { FeedListener } from "./live-feed.ts";
import { ObjectFeeds, type ViewState, watchedNames } from "./object-feeds.ts";

function setUp(names: string[]) {
  const connected = new Map<string, FeedListener>();
  const ended: string[] = [];
  const states: ViewState[] = [];
  const seen: string[] = [];
  const feeds = new ObjectFeeds(
    { tunnelId: "tnl_1", filter: {} },
    names,
    {
      state: (state) => void states.push(state),
      events: (events) => void seen.push(...events.map(({ path }) => path)),
      lost() {},
    },
    ({ object }, listener) => {
      connected.set(object, listener);
      return () => void ended.push(object);
    },
  );
  return { feeds, connected, ended, state: () => states.at(-1), seen };
}

it("watches every object, and is live if all of them are", () => {
  const { connected, state, seen } = setUp(["a", "b"]);
  expect([...connected.keys()]).toEqual(["a", "b"]);
  connected.get("a")?.state("live");
  expect(state()).toBe("connecting");
  connected.get("b")?.state("live");
  expect(state()).toBe("live");
  connected.get("b")?.state("waiting");
  expect(state()).toBe("waiting");
  connected.get("a")?.events([{ path: "/1" } as never], 0);
  connected.get("b")?.events([{ path: "/2" } as never], 0);
  expect(seen).toEqual(["/1", "/2"]);
});

it("begins and ends with the objects: other feeds go on, and ended feeds report nothing", () => {
  const { feeds, connected, ended, state } = setUp([]);
  expect(state()).toBe("idle");
  feeds.watch(["a", "b"]);
  connected.get("a")?.state("live");
  connected.get("b")?.state("live");
  feeds.watch(["b", "c"]);
  expect([ended, [...connected.keys()]]).toEqual([["a"], ["a", "b", "c"]]);
  connected.get("c")?.state("live");
  connected.get("a")?.state("waiting");
  expect(state()).toBe("live");
  feeds.end();
  expect(ended).toEqual(["a", "b", "c"]);
});

it("leaves out objects that carry no requests yet", () => {
  const object = (name: string, changes: Partial<TunnelObject>) =>
    ({ name, phase: "serving", exists: true, ...changes }) as TunnelObject;
  const objects = [object("a", {}), object("b", { phase: "attaching" }), object("c", { exists: false })];
  expect(watchedNames([...objects, object("d", { phase: "leaving" })])).toEqual(["a", "d"]);
});
