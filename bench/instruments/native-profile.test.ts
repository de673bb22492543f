import { expect, it } from "vitest";
import { sharesOf } from "./native-profile.ts";

const SCRIPT = `workerd
    1 tcp_sendmsg
    2 entry_SYSCALL_64_after_hwframe
    3 kj::(anonymous namespace)::WebSocketImpl::send

workerd
    1 v8::internal::Heap::CollectGarbage
    2 Builtins_RunMicrotasks

workerd
    1 Builtins_FulfillPromise
    2 Builtins_RunMicrotasks

workerd
    1 kj::_::Event::armDepthFirst
`;

it("counts a stack once, under the first kind that any of its functions matches", () => {
  expect(sharesOf(SCRIPT)).toEqual(
    new Map([
      ["WebSocket out", 0.25],
      ["garbage collection", 0.25],
      ["JavaScript after an await", 0.25],
      ["promises, event loop and the rest", 0.25],
    ]),
  );
});
