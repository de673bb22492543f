import kept from "./corpus/seeds.json" with { type: "json" };

/** For each fuzzer. `npm run fuzz -- --minutes N` gives more. */
export const SECONDS = Number(process.env["CULVERT_FUZZ_SECONDS"] ?? 2);
/** The same in each run of the suite. `npm run fuzz` uses others. */
export const SEED = Number(process.env["CULVERT_FUZZ_SEED"] ?? 1);

/** Seeds that once found something, then new ones until the time is over. */
export function* seedsOf(fuzzer: keyof typeof kept, seconds = SECONDS): Generator<number> {
  yield* kept[fuzzer];
  const untilMs = Date.now() + seconds * 1_000;
  for (let seed = SEED; Date.now() < untilMs; seed++) yield seed;
}
