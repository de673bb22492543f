import { MemoryBudget } from "../shared/memory/memory-budget.ts";
import { RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES } from "../shared/protocol/index.ts";
import { MessageRoom } from "./exchange/websocket/message-room.ts";

const nowMs = (): number => Date.now();

/** Of this isolate: all objects in it, and the Worker, share its memory. */
export const isolateMemory = new MemoryBudget(RELAY_MEMORY_BYTES, RELAY_MEMORY_RESERVE_BYTES, nowMs);

/** Where all WebSocket messages of this isolate are put together. */
export const messageRoom = new MessageRoom(nowMs);
