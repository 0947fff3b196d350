import {
  Broadcast,
  LifoQueue,
  PriorityQueue,
  Queue,
  Watch,
} from "@asyncio/asyncio/queue";
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

function watchCase(method: "changed" | "waitFor"): WaitCase {
  return {
    name: `Watch.${method}`,
    blocked() {
      const watch = new Watch(0);
      return {
        wait: (options) =>
          method === "changed"
            ? watch.changed(options)
            : watch.waitFor((n) => n > 0, options),
        wake: () => watch.update((n) => n + 1),
        get waiting() {
          return shown(watch, "waiting");
        },
      };
    },
    free() {
      // A change has always to be waited for: a value that is there is nearest.
      const watch = new Watch(0);
      return {
        wait: (options) => watch.waitFor(() => true, options),
        state: 0,
      };
    },
  };
}

testWaitingRules([
  ...casesOf(Queue),
  ...casesOf(LifoQueue),
  ...casesOf(PriorityQueue),
  {
    name: "Broadcast.publish",
    blocked() {
      const broadcast = new Broadcast<number>();
      const subscription = broadcast.subscribe({ maxSize: 1 });
      void broadcast.publish(0);
      return {
        wait: (options) => broadcast.publish(1, options),
        wake: () => void subscription.getNowait(),
        get waiting() {
          return shown(broadcast, "publishers");
        },
      };
    },
    free() {
      const broadcast = new Broadcast<number>();
      const subscription = broadcast.subscribe({ maxSize: 1 });
      return {
        wait: (options) => broadcast.publish(1, options),
        get state() {
          return shown(subscription, "size");
        },
      };
    },
  },
  {
    name: "Subscription.get",
    blocked() {
      const broadcast = new Broadcast<number>();
      const subscription = broadcast.subscribe();
      return {
        wait: (options) => subscription.get(options),
        wake: () => void broadcast.publish(1),
        get waiting() {
          return shown(subscription, "getters");
        },
      };
    },
    free() {
      const broadcast = new Broadcast<number>({ replay: 1 });
      void broadcast.publish(1);
      const subscription = broadcast.subscribe({ replay: 1 });
      return {
        wait: (options) => subscription.get(options),
        get state() {
          return shown(subscription, "size");
        },
      };
    },
  },
  watchCase("changed"),
  watchCase("waitFor"),
]);
