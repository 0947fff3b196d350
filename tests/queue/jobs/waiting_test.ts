import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
import {
  shown,
  testWaitingRules,
  type WaitCase,
} from "../../_helpers/waiting_rules.ts";

/** Without timers: what a case leaves is left. */
const endless = { lease: Infinity };

const cases: WaitCase[] = [
  {
    name: "Jobs.get",
    blocked() {
      const jobs = memoryJobs<number>(endless);
      return {
        wait: (options) => jobs.get(options),
        wake: () => void jobs.put(1),
        get waiting() {
          return shown(jobs, "getters");
        },
      };
    },
    async free() {
      const jobs = memoryJobs<number>(endless);
      await jobs.put(1);
      return {
        wait: (options) => jobs.get(options),
        get state() {
          return shown(jobs, "ready");
        },
      };
    },
  },
  {
    name: "Jobs.put",
    async blocked() {
      const jobs = memoryJobs<number>({ ...endless, maxSize: 1 });
      await jobs.put(0);
      const job = await jobs.get();
      return {
        wait: (options) => jobs.put(1, options),
        wake: () => void job.done(),
        get waiting() {
          return shown(jobs, "putters");
        },
      };
    },
    free() {
      const jobs = memoryJobs<number>(endless);
      return {
        wait: (options) => jobs.put(1, options),
        get state() {
          return shown(jobs, "ready");
        },
      };
    },
  },
  {
    name: "Jobs.join",
    async blocked() {
      const jobs = memoryJobs<number>(endless);
      await jobs.put(0);
      const job = await jobs.get();
      return {
        wait: (options) => jobs.join(options),
        wake: () => void job.done(),
        get waiting() {
          const waits = Deno.inspect(jobs).includes("joiners");
          return waits ? shown(jobs, "joiners") : 0;
        },
      };
    },
    free() {
      const jobs = memoryJobs<number>(endless);
      return { wait: (options) => jobs.join(options), state: "nothing" };
    },
  },
];

testWaitingRules(cases);
