export * from "./errors.ts";
export { LifoQueue } from "./lifo_queue.ts";
export { PriorityQueue } from "./priority_queue.ts";
export type { PriorityQueueOptions } from "./priority_queue.ts";
export { Queue } from "./queue.ts";
