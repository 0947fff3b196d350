/** Opens a queue on a server or a cluster, or through a proxy. @module */
import type { Jobs } from "@asyncio/asyncio/queue/jobs";
import { natsJobs, type NatsJobsOptions } from "@asyncio/asyncio/queue/nats";

/** How long something may take that never comes if it fails, in milliseconds. */
export const PATIENCE = 60_000;

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
