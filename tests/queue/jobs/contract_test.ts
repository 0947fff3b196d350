import { type JobsOptions, memoryJobs } from "@asyncio/asyncio/queue/jobs";
import { testJobs } from "./_contract.ts";
import { testWork } from "./_work_contract.ts";

const inMemory = {
  name: "memoryJobs",
  place: () =>
    Promise.resolve({
      // deno-lint-ignore require-await -- throws as a rejection
      open: async <T>(options?: JobsOptions<T>) => memoryJobs<T>(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

testJobs(inMemory);
testWork(inMemory);
