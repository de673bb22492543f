import { pgWork } from "./pg-work.ts";
import { postgresWork } from "./postgres-work.ts";
import type { Reach, Work } from "./reach.ts";
import { redisWork } from "./redis-work.ts";
import { smtpWork } from "./smtp-work.ts";

const ALL: Record<string, Work> = { ...postgresWork, ...pgWork, ...redisWork, ...smtpWork };

/** Runs the work that `NAME/SERVICE?size=…&pauseMs=…` names, and returns its result as it looks after JSON. */
export async function work(path: string, reach: Reach): Promise<unknown> {
  const { pathname, searchParams } = new URL(path, "http://work/");
  const [, name = "", service = ""] = pathname.split("/");
  const options = {
    size: Number(searchParams.get("size") ?? 1),
    pauseMs: Number(searchParams.get("pauseMs") ?? 0),
  };
  try {
    return JSON.parse(JSON.stringify(await ALL[name]?.(service, reach, options)));
  } catch (thrown) {
    return { threw: String((thrown as Error).stack) };
  }
}
