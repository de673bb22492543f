import type { RequestEvent } from "../../shared/events/request-event.ts";

/** The event of a request, if this line of the relay's console is one; else an empty list. */
export function eventOf(message: string): RequestEvent[] {
  if (!message.startsWith('{"event":"request"')) return [];
  try {
    return [JSON.parse(message) as RequestEvent];
  } catch {
    return [];
  }
}
