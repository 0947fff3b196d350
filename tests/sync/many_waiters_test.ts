import { Lock } from "@asyncio/asyncio/sync";
import { testManyWaiters } from "../_helpers/many_waiters.ts";
import { shown } from "../_helpers/waiting_rules.ts";

testManyWaiters(() => {
  const lock = new Lock();
  void lock.acquire();
  return {
    name: "Lock.acquire",
    wait: (options) => lock.acquire(options),
    waiting: () => shown(lock, "waiting"),
  };
});
