import { createContext, useContext } from "hono/jsx/dom";
import type { Session } from "./api-types.ts";

export const SessionContext = createContext<Session | null>(null);

/** Whether the one who is signed in may change anything. The relay refuses a viewer's changes by itself. */
export function useCanEdit(): boolean {
  return useContext(SessionContext)?.role === "admin";
}
