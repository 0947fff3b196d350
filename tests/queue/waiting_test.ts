import { LifoQueue, PriorityQueue, Queue } from "@asyncio/asyncio/queue";
import {
  shown,
  testWaitingRules,
  type WaitCase,
} from "../_helpers/waiting_rules.ts";

function casesOf(Class: typeof Queue<number>): WaitCase[] {
  return [
    {
      name: `${Class.name}.get`,
      blocked() {
        const queue = new Class();
        return {
          wait: (options) => queue.get(options),
          wake: () => queue.putNowait(1),
          get waiting() {
            return shown(queue, "getters");
          },
        };
      },
      free() {
        const queue = new Class();
        queue.putNowait(1);
        return {
          wait: (options) => queue.get(options),
          get state() {
            return queue.size;
          },
        };
      },
    },
    {
      name: `${Class.name}.put`,
      blocked() {
        const queue = new Class(1);
        queue.putNowait(0);
        return {
          wait: (options) => queue.put(1, options),
          wake: () => void queue.getNowait(),
          get waiting() {
            return shown(queue, "putters");
          },
        };
      },
      free() {
        const queue = new Class(1);
        return {
          wait: (options) => queue.put(1, options),
          get state() {
            return queue.size;
          },
        };
      },
    },
    {
      name: `${Class.name}.join`,
      blocked() {
        const queue = new Class();
        queue.putNowait(0);
        return {
          wait: (options) => queue.join(options),
          wake: () => queue.taskDone(),
          get waiting() {
            const waits = Deno.inspect(queue).includes("joiners");
            return waits ? shown(queue, "joiners") : 0;
          },
        };
      },
      free() {
        const queue = new Class();
        return { wait: (options) => queue.join(options), state: "nothing" };
      },
    },
  ];
}

testWaitingRules([
  ...casesOf(Queue),
  ...casesOf(LifoQueue),
  ...casesOf(PriorityQueue),
]);
