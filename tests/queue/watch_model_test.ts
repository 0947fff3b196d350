import { assert, assertEquals } from "@std/assert";
import { Watch } from "@asyncio/asyncio/queue";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

Deno.test("Watch: 40 000 random steps give what the model gives", async () => {
  const random = new Random(5_772_156);
  const waits = new Waits();
  for (let i = 0; i < 200; i++) {
    const watch = new Watch(0);
    let value = 0;
    const changed: Wait[] = [];
    const until: (Wait & { least: number })[] = [];
    const iterators = [0, 1].map(() => ({
      real: watch[Symbol.asyncIterator](),
      seen: undefined as number | undefined,
      nexts: [] as Wait[],
    }));

    const set = (next: number) => {
      if (next === value) return;
      value = next;
      for (const wait of changed.splice(0)) wait.succeed(value);
      for (const wait of until.splice(0)) {
        if (value >= wait.least) wait.succeed(value);
        else until.push(wait);
      }
      for (const iterator of iterators) {
        iterator.seen = undefined;
        const next = iterator.nexts.shift();
        next?.succeed({ done: false, value });
        if (next !== undefined) iterator.seen = value;
      }
    };
    const step = () => {
      const dice = random.below(10);
      if (dice < 2) {
        changed.push(waits.begin((options) => watch.changed(options)));
      } else if (dice < 4) {
        const least = random.below(12);
        const wait = waits.begin((options) =>
          watch.waitFor((n) => n >= least, options)
        );
        if (value >= least) wait.succeed(value);
        else until.push(Object.assign(wait, { least }));
      } else if (dice < 6) {
        const iterator = random.pick(iterators);
        const wait = waits.begin(() => iterator.real.next());
        if (iterator.seen === undefined) {
          iterator.seen = value;
          wait.succeed({ done: false, value });
        } else iterator.nexts.push(wait);
      } else if (dice < 8) {
        const next = random.below(10);
        if (random.below(2) === 0) watch.value = next;
        else watch.update(() => next);
        set(next);
      } else giveUpOne(random, changed, until);
      const nexts = iterators.flatMap((it) => it.nexts).length;
      const waiting = changed.length + until.length + nexts;
      assertEquals(
        Deno.inspect(watch),
        `Watch { value: ${value}, waiting: ${waiting} }`,
      );
    };
    for (let k = 0; k < 200; k++) {
      step();
      if (random.below(6) === 0) await waits.check();
    }
    for (const iterator of iterators) {
      void iterator.real.return!();
      for (const next of iterator.nexts.splice(0)) {
        next.succeed({ done: true, value: undefined });
      }
    }
    while (changed.length + until.length > 0) {
      giveUpOne(random, changed, until);
    }
    await waits.check();
    assertEquals(waits.pending, 0);
  }
  for (const end of ["value", "cancelled", "Aborted"]) {
    assert((waits.outcomes[end] ?? 0) > 500, Deno.inspect(waits.outcomes));
  }
});
