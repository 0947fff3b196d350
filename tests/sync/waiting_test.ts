import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  Pool,
  RateLimiter,
  ReadWriteLock,
  Semaphore,
} from "@asyncio/asyncio/sync";
import type { WaitOptions } from "@asyncio/asyncio/tasks";
import { HandClock } from "../_helpers/hand_clock.ts";
import {
  shown,
  testWaitingRules,
  type WaitCase,
} from "../_helpers/waiting_rules.ts";

function semaphoreCase(Class: typeof Semaphore, permits = 1): WaitCase {
  const some = permits === 1 ? "" : ` of ${permits} permits`;
  return {
    name: `${Class.name}.acquire${some}`,
    async blocked() {
      const semaphore = new Class(permits);
      const guard = await semaphore.acquire({ permits });
      return {
        wait: (options) => semaphore.acquire({ ...options, permits }),
        wake: () => guard.release(),
        get waiting() {
          return shown(semaphore, "waiting");
        },
      };
    },
    free() {
      const semaphore = new Class(permits);
      return {
        wait: (options) => semaphore.acquire({ ...options, permits }),
        get state() {
          return semaphore.value;
        },
      };
    },
  };
}

function readWriteCase(method: "read" | "write"): WaitCase {
  return {
    name: `ReadWriteLock.${method}`,
    async blocked() {
      const lock = new ReadWriteLock();
      const guard = await lock.write();
      return {
        wait: (options) => lock[method](options),
        wake: () => guard.release(),
        get waiting() {
          return shown(lock, "waiting");
        },
      };
    },
    free() {
      const lock = new ReadWriteLock();
      return {
        wait: async (options) => void (await lock[method](options)).release(),
        get state() {
          return Deno.inspect(lock);
        },
      };
    },
  };
}

function poolCase(name: string, validate?: () => boolean): WaitCase {
  const make = () => new Pool({ create: () => "resource", validate, max: 1 });
  return {
    name,
    async blocked() {
      const pool = make();
      const lease = await pool.acquire();
      return {
        wait: (options) => pool.acquire(options),
        wake: () => lease.release(),
        get waiting() {
          return pool.waiting;
        },
      };
    },
    async free() {
      const pool = make();
      (await pool.acquire()).release();
      return {
        wait: async (options) => void (await pool.acquire(options)).release(),
        get state() {
          return pool.idle;
        },
      };
    },
  };
}

/** Lets one pass in so many milliseconds. */
function oneEach(interval: number): RateLimiter {
  return new RateLimiter({ limit: 1, interval });
}

/**
 * The lock of a condition has no owner, so any task can take it for the next to
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
  semaphoreCase(Semaphore, 3),
  semaphoreCase(BoundedSemaphore),
  readWriteCase("read"),
  readWriteCase("write"),
  {
    name: "RateLimiter.acquire",
    async blocked() {
      const clock = new HandClock();
      const limiter = await clock.make(() => oneEach(1000));
      await limiter.acquire();
      return {
        wait: (options) => limiter.acquire(options),
        wake: () => clock.advance(1000),
        get waiting() {
          return shown(limiter, "waiting");
        },
      };
    },
    free() {
      const limiter = oneEach(1e-9);
      return {
        wait: (options) => limiter.acquire(options),
        get state() {
          return shown(limiter, "free");
        },
      };
    },
  },
  poolCase("Pool.acquire"),
  poolCase("Pool.acquire, with resources that are validated", () => true),
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
