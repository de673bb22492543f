import { MemoryBudget } from "../shared/memory/memory-budget.ts";
import { RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES } from "../shared/protocol/index.ts";
import { MessageRoom } from "./exchange/websocket/message-room.ts";

const nowMs = (): number => Date.now();

/** The memory budget of this isolate, which all of its objects and the Worker share. */
export const isolateMemory = new MemoryBudget(RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES, nowMs);

/** The room in which this isolate assembles WebSocket messages. */
export const messageRoom = new MessageRoom(nowMs);
