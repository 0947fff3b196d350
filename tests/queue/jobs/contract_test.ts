import { type JobsOptions, memoryJobs } from "@asyncio/asyncio/queue/jobs";
import { testJobs } from "./_contract.ts";

testJobs({
  name: "memoryJobs",
  place: () =>
    Promise.resolve({
      // deno-lint-ignore require-await -- throws as a rejection
      open: async <T>(options?: JobsOptions<T>) => memoryJobs<T>(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
});
