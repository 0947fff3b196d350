import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  Semaphore,
} from "@asyncio/asyncio/sync";
import type { WaitOptions } from "@asyncio/asyncio/tasks";
import {
  shown,
  testWaitingRules,
  type WaitCase,
} from "../_helpers/waiting_rules.ts";

function semaphoreCase(Class: typeof Semaphore): WaitCase {
  return {
    name: `${Class.name}.acquire`,
    async blocked() {
      const semaphore = new Class(1);
      await semaphore.acquire();
      return {
        wait: (options) => semaphore.acquire(options),
        wake: () => semaphore.release(),
        get waiting() {
          return shown(semaphore, "waiting");
        },
      };
    },
    free() {
      const semaphore = new Class(1);
      return {
        wait: (options) => semaphore.acquire(options),
        get state() {
          return semaphore.value;
        },
      };
    },
  };
}

/**
 * The lock of a condition is nobody's, so anybody can take it for the next to
 * wait or to notify.
 */
function hold(condition: Condition): void {
  if (!condition.locked) void condition.acquire();
}

function conditionCase(method: "wait" | "waitFor"): WaitCase {
  return {
    name: `Condition.${method}`,
    async blocked() {
      const condition = new Condition();
      await condition.acquire();
      let changed = false;
      return {
        wait(options?: WaitOptions) {
          hold(condition);
          return method === "wait"
            ? condition.wait(options)
            : condition.waitFor(() => changed, options);
        },
        wake() {
          hold(condition);
          changed = true;
          condition.notify();
          condition.release();
        },
        get waiting() {
          return shown(condition, "waiting");
        },
      };
    },
    async free() {
      const condition = new Condition();
      if (method === "waitFor") {
        await condition.acquire();
        return {
          wait: (options) => condition.waitFor(() => true, options),
          state: "nothing is taken",
        };
      }
      // There is no wait without waiting: taking the lock comes nearest.
      return {
        wait: (options) => condition.acquire(options),
        get state() {
          return condition.locked;
        },
      };
    },
  };
}

testWaitingRules([
  {
    name: "Lock.acquire",
    async blocked() {
      const lock = new Lock();
      await lock.acquire();
      return {
        wait: (options) => lock.acquire(options),
        wake: () => lock.release(),
        get waiting() {
          return shown(lock, "waiting");
        },
      };
    },
    free() {
      const lock = new Lock();
      return {
        wait: (options) => lock.acquire(options),
        get state() {
          return lock.locked;
        },
      };
    },
  },
  semaphoreCase(Semaphore),
  semaphoreCase(BoundedSemaphore),
  {
    name: "Event.wait",
    blocked() {
      const event = new Event();
      return {
        wait: (options) => event.wait(options),
        wake: () => event.set(),
        get waiting() {
          return shown(event, "waiting");
        },
      };
    },
    free() {
      const event = new Event();
      event.set();
      return { wait: (options) => event.wait(options), state: event.isSet };
    },
  },
  conditionCase("wait"),
  conditionCase("waitFor"),
  {
    name: "Barrier.wait",
    blocked() {
      const barrier = new Barrier(3);
      return {
        wait: (options) => barrier.wait(options),
        wake() {
          do void barrier.wait(); while (barrier.waiting > 0);
        },
        get waiting() {
          return barrier.waiting;
        },
      };
    },
    free() {
      const barrier = new Barrier(1);
      return {
        wait: (options) => barrier.wait(options),
        get state() {
          return barrier.waiting;
        },
      };
    },
  },
]);
