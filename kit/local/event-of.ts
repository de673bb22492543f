import type { RequestEvent } from "../../shared/events/request-event.ts";

/** The event of a request, where a line of the relay's console is one. */
export function eventOf(message: string): RequestEvent[] {
  if (!message.startsWith('{"event":"request"')) return [];
  try {
    return [JSON.parse(message) as RequestEvent];
  } catch {
    return [];
  }
}
