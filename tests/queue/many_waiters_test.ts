import { Queue } from "@asyncio/asyncio/queue";
import { testManyWaiters } from "../_helpers/many_waiters.ts";
import { shown } from "../_helpers/waiting_rules.ts";

testManyWaiters(() => {
  const queue = new Queue<number>();
  return {
    name: "Queue.get",
    wait: (options) => queue.get(options),
    waiting: () => shown(queue, "getters"),
  };
});

testManyWaiters(() => {
  const queue = new Queue<number>(1);
  queue.putNowait(0);
  return {
    name: "Queue.put",
    wait: (options) => queue.put(1, options),
    waiting: () => shown(queue, "putters"),
  };
});
