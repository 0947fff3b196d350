/** Queues on a server of their own, for the tests of all kinds of queues. @module */
import type { JobsOptions } from "@asyncio/asyncio/queue/jobs";
import type { Kind } from "../jobs/_place.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";

export const onNats: Kind = {
  name: "natsJobs",
  ignore,
  async place() {
    const server = await NatsServer.start();
    return {
      shared: true,
      open: <T>(options?: JobsOptions<T>) => open<T>(server, options),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
