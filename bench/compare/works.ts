/**
 * The work that is compared, each described once: every contestant that can do
 * it does the very same. What is timed is one `unit` of it, `size` of them at a
 * time.
 */
import type { PeerName } from "./peer_names.ts";

export interface WorkInfo {
  title: string;
  unit: string;
  size: number;
  /**
   * How many times as long as this package a contestant is to take at the
   * least: below 1, it is a floor that this package stays near to. What npm
   * has to offer is to take longer, always.
   */
  targets?: Partial<Record<PeerName, number>>;
}

/** How long the k-th of many sleeps takes: many timers, and few of them alike. */
export function sleepTime(k: number): number {
  return 1 + k % 20;
}

/** How many of ten permits the k-th task takes. */
export function weightOf(k: number): number {
  return 1 + k % 4;
}

/** A MiB of what programs read and write, in 16 chunks. */
export const MIB = 16 * 65_536;

/** How many connections the echoes are shared by. */
export const ECHO_CONNECTIONS = 50;

/** Some order in which `size` different priorities come. */
export function priorityOf(k: number, size: number): number {
  return (k * 7919) % size;
}

export const works = {
  gather: {
    title: "spawn 1000 async functions as tasks, and gather them",
    unit: "task",
    size: 1000,
    targets: { asyncio: 4, bare: 1 / 8 },
  },
  group: {
    title: "the same in a task group",
    unit: "task",
    size: 1000,
    targets: { asyncio: 4, bare: 1 / 8 },
  },
  sleep0_shared: {
    title: "sleep(0) in turns, 100 tasks",
    unit: "sleep",
    size: 10_000,
    targets: { asyncio: 10 },
  },
  sleep0_alone: {
    title: "sleep(0), one task alone",
    unit: "sleep",
    size: 100,
    targets: { asyncio: 1.5 },
  },
  queue: {
    title: "queue bounded to 100: one puts, one gets",
    unit: "item",
    size: 10_000,
    targets: { asyncio: 10, bare: 1 / 1.3, std_async: 1 / 1.3 },
  },
  queue_10: {
    title: "queue bounded to 100: ten put, ten get",
    unit: "item",
    size: 10_000,
  },
  ping_pong: {
    title: "ping-pong over two queues",
    unit: "round trip",
    size: 1000,
    targets: { asyncio: 20 },
  },
  priority: {
    title: "1000 items into a priority queue, and out again in order",
    unit: "item",
    size: 1000,
    targets: { asyncio: 4 },
  },
  priority_many: {
    title: "100 000 items into a priority queue, and out again in order",
    unit: "item",
    size: 100_000,
    targets: { asyncio: 4 },
  },
  lock: {
    title: "take and release a free lock",
    unit: "acquire",
    size: 1000,
    targets: { asyncio: 4 },
  },
  lock_held: {
    title: "10 tasks take turns at a lock, and sleep(0) while they hold it",
    unit: "acquire",
    size: 1000,
    targets: { asyncio: 4 },
  },
  semaphore: {
    title: "1000 tasks through Semaphore(10), each sleeps(0) in it",
    unit: "task",
    size: 1000,
    targets: { asyncio: 6 },
  },
  limit: {
    title: "1000 async functions, ten at a time, each gives way once",
    unit: "call",
    size: 1000,
  },
  weighted: {
    title: "1000 tasks take 1 to 4 of 10 permits, each sleeps(0) with them",
    unit: "task",
    size: 1000,
  },
  rate: {
    title: "1000 calls, one by one, at a rate that they do not reach",
    unit: "call",
    size: 1000,
  },
  pool: {
    title: "take a resource that lies idle in a pool, and give it back",
    unit: "acquire",
    size: 1000,
  },
  pool_shared: {
    title: "100 tasks share a pool of 10, and give way once with each resource",
    unit: "acquire",
    size: 1000,
  },
  broadcast: {
    title: "each item to 100 subscribers, that hold 100 each and read them",
    unit: "item",
    size: 100,
  },
  sleeps: {
    title: "50 000 sleeps at once, of 1 to 20 ms",
    unit: "sleep",
    size: 50_000,
    targets: { asyncio: 10, bare: 2 },
  },
  sleeping_tasks: {
    title: "50 000 tasks that sleep so at once",
    unit: "task",
    size: 50_000,
  },
  wait_for: {
    title: "waitFor of an async function that returns at once",
    unit: "call",
    size: 1000,
    targets: { asyncio: 8 },
  },
  race: {
    title: "race of two waits, of which one is woken",
    unit: "race",
    size: 1000,
    targets: { asyncio: 4 },
  },
  cancel: {
    title: "spawn 1000 tasks that sleep for a minute, and cancel them",
    unit: "task",
    size: 1000,
    targets: { asyncio: 3 },
  },
  map: {
    title: "100 000 items through an async function, ten at a time, in order",
    unit: "item",
    size: 100_000,
    targets: { p_map: 2, streaming_iterables: 2, std_pool: 2, bare: 1 / 2 },
  },
  map_async: {
    title: "the same from an async generator",
    unit: "item",
    size: 100_000,
  },
  map_unordered: {
    title: "the same in the order in which they are ready",
    unit: "item",
    size: 100_000,
  },
  echo_64: {
    title: "echoes of 64 bytes over 50 connections, both ends here",
    unit: "echo",
    size: 5000,
    targets: { asyncio: 1, bare: 0.95 },
  },
  echo_16k: {
    title: "the same of 16 KiB",
    unit: "echo",
    size: 5000,
    targets: { asyncio: 1, bare: 0.95 },
  },
  process: {
    title: "start a program and read what it prints",
    unit: "program",
    size: 10,
  },
  processes: {
    title: "200 programs at once",
    unit: "program",
    size: 200,
  },
  process_group: {
    title: "start a program in a group of its own, and read what it prints",
    unit: "program",
    size: 10,
  },
  process_input: {
    title: "a program reads 32 MiB from an async generator",
    unit: "MiB",
    size: 32,
    targets: { asyncio: 1 / 1.3 },
  },
  process_from_file: {
    title: "a program reads 32 MiB from a file, through this one",
    unit: "MiB",
    size: 32,
  },
  process_to_file: {
    title: "a program writes 32 MiB, which this one puts into a file",
    unit: "MiB",
    size: 32,
  },
  process_captured_file: {
    title: "the same, and captures it as well",
    unit: "MiB",
    size: 32,
  },
  process_lines: {
    title: "a program writes 100 000 lines, which are captured as lines",
    unit: "line",
    size: 100_000,
    targets: { asyncio: 1 },
  },
  process_all: {
    title: "two outputs of 50 000 lines each, captured apart and together",
    unit: "line",
    size: 100_000,
  },
} satisfies Record<string, WorkInfo>;

export type WorkName = keyof typeof works;

export const workNames = Object.keys(works) as WorkName[];

export function infoOf(name: WorkName): WorkInfo {
  return works[name];
}
