/** Giving jobs back when a queue is closed. @module */
import { cancellable } from "../../../tasks/cancellable.ts";
import { detached } from "../../../tasks/kernel/context/detached.ts";
import { moveOnAfter, type Timeout } from "../../../tasks/timeout.ts";
import type { SharedState } from "../shared/shared_state.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Acks } from "./acks.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** How long it takes at most if the servers do not answer, in milliseconds. */
const TIMEOUT_MS = 2000;

/**
 * Hands out no more jobs, and gives back those that are held, so that no other
 * process waits for their leases to run out. Jobs that cannot be given back in
 * time, or as the servers are away, are lost for their holders.
 */
export async function giveBackAll<T>(
  connection: ReconnectingConnection,
  dispatcher: Dispatcher<T>,
  { acks, state }: { acks: Acks; state: SharedState },
): Promise<void> {
  const work = async () => {
    await giveBack(dispatcher, acks);
    state.close();
    await acks.idle();
  };
  await detached(() =>
    moveOnAfter(TIMEOUT_MS, (limit) => whileConnected(connection, limit, work))
  );
  dispatcher.abort();
  state.close();
  for (const job of [...acks.jobs.held.values()]) job.lose("closed");
}

/** Runs `work` if the servers are there. It ends when they go away. */
async function whileConnected(
  connection: ReconnectingConnection,
  limit: Timeout,
  work: () => Promise<void>,
): Promise<void> {
  let isWorking = connection.up;
  connection.onChange(() => {
    if (isWorking && !connection.up) limit.reschedule(-Infinity);
    isWorking &&= connection.up;
  });
  try {
    if (isWorking) await work();
  } finally {
    isWorking = false; // the limit has ended
  }
}

async function giveBack<T>(
  dispatcher: Dispatcher<T>,
  acks: Acks,
): Promise<void> {
  const stopped = dispatcher.stop();
  for (const job of [...acks.jobs.held.values()]) job.handBackClosed();
  await cancellable(stopped);
  await acks.idle();
}
