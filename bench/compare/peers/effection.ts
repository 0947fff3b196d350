// deno-lint-ignore-file no-import-prefix
import {
  all,
  type Operation,
  race,
  run,
  sleep,
  spawn,
} from "npm:effection@4.1.1";
import { check, serve } from "../serve.ts";
import { sleepTime } from "../works.ts";

function times<T>(count: number, make: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => make(k));
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

// deno-lint-ignore require-yield
function* one(): Operation<number> {
  return 1;
}

function* tooLate(): Operation<never> {
  yield* sleep(1000);
  throw new Error("too late");
}

await serve("Effection 4.1.1", {
  gather: (units) =>
    run(function* () {
      check(sum(yield* all(times(units, one))), units);
    }),

  group: (units) =>
    run(function* () {
      const tasks = [];
      for (let i = 0; i < units; i++) tasks.push(yield* spawn(one));
      let done = 0;
      for (const task of tasks) done += yield* task;
      check(done, units);
    }),

  sleep0_shared(units) {
    function* task(): Operation<void> {
      for (let i = 0; i < units / 100; i++) yield* sleep(0);
    }
    return run(() => all(times(100, task)));
  },

  sleep0_alone: (units) =>
    run(function* () {
      for (let i = 0; i < units; i++) yield* sleep(0);
    }),

  sleeps: (units) => run(() => all(times(units, (k) => sleep(sleepTime(k))))),

  wait_for: (units) =>
    run(function* () {
      let done = 0;
      for (let i = 0; i < units; i++) done += yield* race([one(), tooLate()]);
      check(done, units);
    }),

  cancel: (units) =>
    run(function* () {
      const tasks = [];
      for (let i = 0; i < units; i++) {
        tasks.push(yield* spawn(() => sleep(60_000)));
      }
      yield* sleep(0);
      for (const task of tasks) yield* task.halt();
    }),
});
