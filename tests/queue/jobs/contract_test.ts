import { type JobsOptions, memoryJobs } from "@asyncio/asyncio/queue/jobs";
import { type Coroutine, run } from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { testJobs } from "./_contract.ts";
import { testWork } from "./_work_contract.ts";

const inMemory = {
  name: "memoryJobs",
  // Time is exact. Handlers that nothing can end do not hold it up.
  run: <T>(body: Coroutine<T>) =>
    run(body, { clock: new VirtualClock({ outsideGrace: 20 }) }),
  place: () =>
    Promise.resolve({
      // deno-lint-ignore require-await -- throws as a rejection
      open: async <T>(options?: JobsOptions<T>) => memoryJobs<T>(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

testJobs(inMemory);
testWork(inMemory);
