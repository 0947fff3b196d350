/** Opens a queue on a server or a cluster, or through a proxy. @module */
import type { Jobs } from "@asyncio/asyncio/queue/jobs";
import { natsJobs, type NatsJobsOptions } from "@asyncio/asyncio/queue/nats";

/** Opens the queue `test`, unless `options` have another name, however slowly. */
export function open<T>(
  server: { readonly address: string | string[] },
  options: Partial<NatsJobsOptions<T>> = {},
): Promise<Jobs<T>> {
  return natsJobs<T>({
    servers: server.address,
    name: "test",
    connectTimeout: 30_000,
    ...options,
  });
}
