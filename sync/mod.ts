export type { Guard } from "./guard.ts";
export { Event } from "./event.ts";
export { Lock } from "./lock.ts";
export { BoundedSemaphore, Semaphore } from "./semaphore.ts";
