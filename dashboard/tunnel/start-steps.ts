import type { TunnelDetails } from "../api-types.ts";

export type StepName = "token" | "connector" | "service" | "request";

export interface StartStep {
  name: StepName;
  isDone: boolean;
  /** The step's state in a few words. */
  state: string;
}

/** What a new tunnel needs before it carries its first request, in order. */
export function startSteps(tunnel: TunnelDetails): StartStep[] {
  const { connectors, tokens, services } = tunnel;
  const [first] = connectors;
  const wasAttached = tokens.some(({ lastUsedAt }) => lastUsedAt !== null);
  return [
    { name: "token", isDone: tokens.length > 0, state: tokens.length > 0 ? "created" : "there is none" },
    {
      name: "connector",
      isDone: first !== undefined,
      state:
        first === undefined
          ? wasAttached
            ? "was attached, and has left"
            : "not seen yet"
          : attachedText(tunnel),
    },
    {
      name: "service",
      isDone: services.length > 0,
      state: services.length === 0 ? "none is named" : namesText(services),
    },
    { name: "request", isDone: false, state: "not seen yet" },
  ];
}

function attachedText({ connectors }: TunnelDetails): string {
  return `attached: ${namesText(connectors.map(({ name, id }) => name ?? id))}`;
}

const SHOWN_NAMES = 3;

function namesText(names: readonly string[]): string {
  const more = names.length - SHOWN_NAMES;
  return `${names.slice(0, SHOWN_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
