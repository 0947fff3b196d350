import type { JobsOptions } from "@asyncio/asyncio/queue/jobs";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import { testJobs } from "../jobs/_contract.ts";
import { testWork } from "../jobs/_work_contract.ts";
import { ignore, NatsServer } from "./_nats_server.ts";

const onNats = {
  name: "natsJobs",
  ignore,
  async place() {
    const server = await NatsServer.start();
    return {
      shared: true,
      open: <T>(options?: JobsOptions<T>) =>
        natsJobs<T>({ ...options, servers: server.address, name: "test" }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

testJobs(onNats);
testWork(onNats);
