import * as z from "zod";
import { ATTACHMENT_VERSION } from "../attachment-version.ts";
import type { TailAttachment } from "../events/index.ts";
import type { GatewayAttachment } from "../exchange/websocket/relay-websocket.ts";
import type { ConnectorAttachment } from "./connectors/connector-socket.ts";

export type Attachment = ConnectorAttachment | GatewayAttachment | TailAttachment;

/** Any other content was written by newer code, or by older code that is no longer supported. */
const version = z.literal(ATTACHMENT_VERSION).optional();
const numbers = <Name extends string>(...names: Name[]) =>
  z.looseObject(Object.fromEntries(names.map((name) => [name, z.number()])) as Record<Name, z.ZodNumber>);

const connectorSchema = z.looseObject({
  version,
  role: z.literal("connector"),
  connectionId: z.string(),
  kid: z.string(),
  connectedAtMs: z.number(),
  dataCentre: z.string().nullish(),
  epoch: z.int(),
  hello: z
    .looseObject({
      softwareVersion: z.string(),
      connectorId: z.string(),
      connectionIndex: z.int(),
      capabilities: z.int(),
      maxStreams: z.int(),
      streamWindowBytes: z.number(),
      connectionWindowBytes: z.number(),
    })
    .nullable(),
  rest: numbers(
    ...(["nextId", "openedCount", "streamsLimit", "sentBytes", "sendLimitBytes"] as const),
    ...(["receivedBytes", "grantedBytes"] as const),
  ).nullable(),
  health: z.looseObject({ revision: z.string(), codes: z.instanceof(Uint8Array) }).nullable(),
});

const gatewaySchema = z.looseObject({
  version,
  role: z.literal("gateway"),
  connectionId: z.string(),
  open: z.looseObject({
    kind: z.string(),
    target: z.string(),
    service: z.string(),
    method: z.string(),
    path: z.string(),
    project: z.string(),
    environment: z.string(),
    fields: z.array(z.unknown()),
  }),
  rest: numbers(
    ...(["epoch", "id", "sentBytes", "sendLimitBytes", "consumedBytes", "grantedBytes"] as const),
  ).nullable(),
  record: z.looseObject({
    requestId: z.string(),
    project: z.string(),
    environment: z.string(),
    service: z.string(),
    arrivedAtMs: z.number(),
    status: z.number(),
    requestBytes: z.number(),
    responseBytes: z.number(),
  }),
  isOver: z.boolean(),
});

const tailSchema = z.looseObject({
  version,
  role: z.literal("tail"),
  filter: z.looseObject({}),
  kid: z.string().optional(),
  sent: z.number(),
  received: z.number(),
  untilMs: z.number(),
});

const attachmentSchema = z.discriminatedUnion("role", [connectorSchema, gatewaySchema, tailSchema]);

/** A socket's attachment. Null: this code cannot read it, and the socket is lost. */
export function readAttachment(stored: unknown): Attachment | null {
  return attachmentSchema.safeParse(stored).success ? (stored as Attachment) : null;
}
