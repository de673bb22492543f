import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { objectFailure, PATIENCE, SilentObjectError, whileAlive } from "./ask-object.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => {});
const BOUND_MS = PATIENCE.askAfterMs + PATIENCE.answerWithinMs;

it("returns the answer, and leaves no timer behind", async () => {
  expect(await whileAlive(Promise.resolve("answer"), never)).toBe("answer");
  await expect(whileAlive(Promise.reject(new Error("reset")), never)).rejects.toThrow("reset");
  expect(vi.getTimerCount()).toBe(0);
});

it("waits as long as the object answers, even with a refusal", async () => {
  const work = Promise.withResolvers<string>();
  let asked = 0;
  // An object of an older version does not know the question.
  const ask = () => (asked++ % 2 === 0 ? Promise.resolve() : Promise.reject(new Error("no such method")));
  const answer = whileAlive(work.promise, ask);
  await vi.advanceTimersByTimeAsync(20 * BOUND_MS);
  work.resolve("late");
  expect(await answer).toBe("late");
  expect(asked).toBeGreaterThan(10);
  expect(vi.getTimerCount()).toBe(0);
});

it("gives an object up that says nothing at all, within half a minute", async () => {
  const answer = whileAlive(never(), never);
  const failure = answer.catch((thrown: unknown) => thrown);
  await vi.advanceTimersByTimeAsync(BOUND_MS);
  const thrown = await failure;
  expect(thrown).toBeInstanceOf(SilentObjectError);
  expect(objectFailure(thrown)).toMatchObject({
    code: "RELAY_RESTART",
    message: "The tunnel's object did not answer before the response began.",
  });
});

it("accepts an answer that comes while the object is asked", async () => {
  const work = Promise.withResolvers<string>();
  const answer = whileAlive(work.promise, never);
  await vi.advanceTimersByTimeAsync(BOUND_MS - 1);
  work.resolve("just in time");
  expect(await answer).toBe("just in time");
  await vi.advanceTimersByTimeAsync(1);
});
