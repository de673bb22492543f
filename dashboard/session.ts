import { createContext, useContext } from "hono/jsx/dom";
import type { Session } from "./api-types.ts";

export const SessionContext = createContext<Session | null>(null);

/** True if the signed-in person may change things. The relay itself refuses a viewer's changes. */
export function useCanEdit(): boolean {
  return useContext(SessionContext)?.role === "admin";
}
