/**
 * Time and order under control: tests that take no time, and find what goes wrong once in a thousand runs.
 *
 * - {@linkcode VirtualClock}: a day of sleeps takes milliseconds.
 *
 * @module
 */
export { VirtualClock, type VirtualClockOptions } from "./virtual_clock.ts";
export { type BlockedTask, DeadlockError } from "./deadlock.ts";
export { waitAllTasksBlocked } from "./wait_all_tasks_blocked.ts";
