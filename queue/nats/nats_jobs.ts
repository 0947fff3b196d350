/** @module */
import { createTask } from "../../tasks/create_task.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { TimeoutError } from "../../tasks/kernel/errors.ts";
import { timeout } from "../../tasks/timeout.ts";
import { wait } from "../../tasks/wait.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { codecOf } from "../jobs/codec.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { settingsOf } from "../jobs/settings.ts";
import { connectTo } from "./transport/connect.ts";
import { deadlineIn, steadyClock } from "./transport/deadline.ts";
import { ReconnectingConnection } from "./transport/reconnecting_connection.ts";
import { provision } from "./provision.ts";
import { streamReport } from "./reports.ts";
import type { QueueContext } from "./queue_context.ts";
import { readPaused } from "./shared/control.ts";
import { Subjects } from "./subjects.ts";
import { NatsError } from "./errors.ts";
import { NatsJobs } from "./nats_queue.ts";
import {
  addressOf,
  checkNatsOptions,
  type NatsJobsOptions,
} from "./nats_options.ts";

/** How long opening may take by default, in milliseconds. */
const CONNECT_TIMEOUT = 5000;

/** The assumed lease of a queue that is not known yet, in milliseconds. */
const DEFAULT_LEASE = 30_000;

/** How long a cluster may not know its streams, in milliseconds. */
const DOUBT = 5000;

/**
 * Opens a queue of jobs on NATS JetStream, and makes it if it is not there: the
 * contract of {@linkcode Jobs}, for any number of processes and machines.
 *
 * - It resolves or rejects within `connectTimeout`. Afterwards a connection that is
 *   lost is made again, and waits go on meanwhile; put a `timeout` around those
 *   that must not.
 * - The queue is closed at the end of the run in which it was opened, at the latest.
 *
 * **Cancel safety:** given up, it leaves no connection behind.
 *
 * @typeParam T What the jobs are.
 *
 * @throws {NatsError} No server answers in time, or none accepts the login;
 * JetStream is not enabled, or refuses.
 * @throws {TypeError} An option is of the wrong type.
 * @throws {RangeError} `lease` or `window` is not more than 0, `maxAttempts` is
 * not at least 1, or a number is `NaN`.
 * @throws {CancelledError} The task was cancelled.
 * @throws The signal's reason, when it aborts.
 *
 * @example
 * ```ts
 * import { natsJobs } from "@asyncio/asyncio/queue/nats";
 * import { work } from "@asyncio/asyncio/queue/jobs";
 *
 * async function main() {
 *   await using mails = await natsJobs<{ to: string }>({
 *     servers: ["nats://a.example", "nats://b.example", "nats://c.example"],
 *     name: "mails",
 *     lease: 60_000,
 *   });
 *   await work(mails, ({ to }) => console.log(`to ${to}`), { concurrency: 8 });
 * }
 * // await run(main);
 * ```
 */
export function natsJobs<T>(options: NatsJobsOptions<T>): Promise<Jobs<T>> {
  try {
    checkNatsOptions(options);
    addressOf(options);
    settingsOf(options);
    codecOf(options);
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  return composite(() => openWithin(options));
}

/** Opens in a task of its own: not all waits in there end by the signal. */
async function openWithin<T>(options: NatsJobsOptions<T>): Promise<Jobs<T>> {
  const opening = createTask(() => open<T>(options), { eager: true });
  try {
    await wait([opening], { signal: options.signal });
  } catch (error) {
    if (opening.done) await close(opening);
    else opening.cancel();
    throw error;
  }
  return await opening;
}

/** Closes a queue that was opened at the moment at which it was given up. */
async function close(opening: PromiseLike<AsyncDisposable>): Promise<void> {
  try {
    await (await opening)[Symbol.asyncDispose]();
  } catch {
    // Opening has failed at that moment.
  }
}

async function open<T>(options: NatsJobsOptions<T>): Promise<Jobs<T>> {
  return await openQueue(options, true);
}

/**
 * Opens a queue.
 *
 * @param create Whether the queue is made if it is not there.
 */
export async function openQueue<T>(
  options: NatsJobsOptions<T>,
  create: boolean,
): Promise<NatsJobs<T>> {
  const { connectTimeout = CONNECT_TIMEOUT } = options;
  const deadline = deadlineIn(connectTimeout);
  const connection = new ReconnectingConnection(
    await connectTo(options, connectTimeout),
  );
  const where = addressOf(options).servers.join(", ");
  try {
    if (!connection.hasJetStream) {
      throw new NatsError(
        `JetStream is not enabled at ${where}: start it with nats-server -js`,
      );
    }
    connection.watch(options.lease ?? DEFAULT_LEASE);
    const subjects = new Subjects(options.name);
    const { settings, incarnation, lines, softBound } = await provision(
      connection,
      subjects,
      { ...options, deadline, create },
    );
    connection.watch(settings.lease);
    if (connection.clustered) connection.doubt = DOUBT;
    const { resources } = currentScope().loop;
    const checkStream = async () => {
      await streamReport(connection, subjects.jobs);
    };
    const context: QueueContext = {
      connection,
      subjects,
      settings,
      clock: steadyClock,
      incarnation,
      checkStream,
    };
    // Known before the first job is asked for, which is not to be handed out then.
    const paused = await timeout(
      deadline.remaining(),
      () => readPaused(context),
    );
    return new NatsJobs({
      context,
      codec: codecOf(options),
      lines,
      paused,
      softBound,
      resources,
    });
  } catch (error) {
    await connection.close(error);
    if (!(error instanceof TimeoutError)) throw error;
    throw new NatsError(
      `JetStream at ${where} was not ready within ${connectTimeout} ms`,
      { cause: error },
    );
  }
}
