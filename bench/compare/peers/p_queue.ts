// deno-lint-ignore-file no-import-prefix
import PQueue from "npm:p-queue@10.0.0";
import { check, serve } from "../serve.ts";
import { turn } from "../turn.ts";
import { priorityOf } from "../works.ts";

await serve("p-queue 10.0.0", {
  async limit(units) {
    const queue = new PQueue({ concurrency: 10 });
    await queue.addAll(Array.from({ length: units }, () => turn));
  },

  /** It starts a function when the rate allows it. */
  async rate(units) {
    const queue = new PQueue({ interval: 1000, intervalCap: 1e9 });
    let calls = 0;
    for (let i = 0; i < units; i++) {
      calls += await queue.add(() => Promise.resolve(1));
    }
    check(calls, units);
  },

  /** Its items are functions, and the highest priority comes first. */
  async priority(units) {
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    let next = 0;
    for (let i = 0; i < units; i++) {
      const item = priorityOf(i, units);
      queue.add(() => check(item, next++), { priority: -item });
    }
    queue.start();
    await queue.onIdle();
    check(next, units);
  },
});
