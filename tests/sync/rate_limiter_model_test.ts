import { assert, assertEquals } from "@std/assert";
import { RateLimiter } from "@asyncio/asyncio/sync";
import { getRunningLoop, sleep } from "@asyncio/asyncio/tasks";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Whole milliseconds between two tokens, so that the model is exact. */
const STEP = 5;

interface Model {
  readonly most: number;
  /** Whether so many tokens may pass at `time`, and if so that they do. */
  pass(tokens: number, time: number): boolean;
}

/** Every pass there has been, and a look at the last window. */
function windowModel(limit: number): Model {
  const passes: { time: number; tokens: number }[] = [];
  return {
    most: limit,
    pass(tokens, time) {
      const taken = passes.filter((it) => it.time > time - limit * STEP)
        .reduce((sum, it) => sum + it.tokens, 0);
      if (taken + tokens > limit) return false;
      passes.push({ time, tokens });
      return true;
    },
  };
}

/** A bucket in which each millisecond is a drop, and a token so many drops. */
function bucketModel(burst: number): Model {
  let drops = burst * STEP;
  let at = 0;
  return {
    most: burst,
    pass(tokens, time) {
      for (; at < time; at++) drops = Math.min(drops + 1, burst * STEP);
      if (tokens * STEP > drops) return false;
      drops -= tokens * STEP;
      return true;
    },
  };
}

for (const kind of ["window", "bucket"] as const) {
  Deno.test(`RateLimiter, a ${kind}: 20 000 random steps give what the model gives, to the millisecond`, async () => {
    const random = new Random(31_415);
    const waits = new Waits();
    for (let program = 0; program < 200; program++) {
      await virtually(() => run(kind, random, waits));
    }
    for (const end of ["value", "cancelled", "Aborted"]) {
      assert((waits.outcomes[end] ?? 0) > 500, Deno.inspect(waits.outcomes));
    }
  });
}

async function run(
  kind: "window" | "bucket",
  random: Random,
  waits: Waits,
): Promise<void> {
  const limit = 1 + random.below(5);
  const burst = kind === "bucket" ? 1 + random.below(6) : undefined;
  const limiter = new RateLimiter({ limit, interval: limit * STEP, burst });
  const model = burst === undefined ? windowModel(limit) : bucketModel(burst);
  const line: (Wait & { tokens: number })[] = [];
  const now = () => getRunningLoop().time();

  const admit = (time: number) => {
    while (line.length > 0 && model.pass(line[0]!.tokens, time)) {
      line.shift()!.succeed(time);
    }
  };
  const acquire = (tokens: number) => {
    const wait = waits.begin(async (options) => {
      await limiter.acquire({ ...options, tokens });
      return now();
    });
    line.push(Object.assign(wait, { tokens }));
    if (line.length === 1) admit(now());
  };
  for (let step = 0; step < 100; step++) {
    const dice = random.below(10);
    if (dice < 5) acquire(1 + random.below(model.most));
    else if (dice < 7) {
      giveUpOne(random, line);
      admit(now());
    } else {
      const end = now() + random.below(4 * STEP);
      for (let time = now() + 1; time <= end; time++) admit(time);
      await sleep(end - now());
      await waits.check();
    }
    const waiting = `waiting: ${line.length} }`;
    assert(Deno.inspect(limiter).includes(waiting), waiting);
  }
  while (line.length > 0) {
    giveUpOne(random, line);
    admit(now());
  }
  await waits.check();
  assertEquals(waits.pending, 0);
}
