/** Making a queue on the servers, and changing its settings. @module */
import { TimeoutError } from "../../tasks/kernel/errors.ts";
import { timeout } from "../../tasks/timeout.ts";
import type { JobsOptions } from "../jobs/options.ts";
import { type Settings, settingsOf } from "../jobs/settings.ts";
import { linesOf, type Provisioned, provisionLine } from "./consumers.ts";
import { NatsError } from "./errors.ts";
import { streamReport } from "./reports.ts";
import {
  boundIn,
  deadStream,
  isBoundSafe,
  jobStream,
  type QueueNote,
  queueNoteIn,
  resultStream,
  returnedStream,
  settingsIn,
  stateStream,
  type StreamConfig,
  type StreamReply,
} from "./stream_config.ts";
import type { Line, Subjects } from "./subjects.ts";
import type { Deadline } from "./transport/deadline.ts";
import { api, ApiError, apiFind, code } from "./transport/jetstream_api.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./transport/reconnecting_connection.ts";

/** The pause before servers that have not found each other are asked again. */
const PAUSE = 200;

/** The options of {@linkcode provision}. */
export interface ProvisionOptions extends JobsOptions {
  replicas?: number | undefined;
  /** When provisioning is given up. */
  deadline: Deadline;
  /** Whether the queue is made if it is not there. */
  create: boolean;
}

/** The queue on the servers. */
export interface Provision {
  readonly settings: Settings;
  readonly incarnation: string;
  /** The lines that have a consumer. */
  readonly lines: Line[];
  /** Whether the servers still keep a larger bound than `settings` has. */
  readonly softBound: boolean;
}

/**
 * Makes the queue if it is not there, and changes its settings. If that is not done
 * within the deadline, it throws why the servers have refused it, or a
 * {@linkcode TimeoutError}.
 */
export async function provision(
  connection: ReconnectingConnection,
  subjects: Subjects,
  options: ProvisionOptions,
): Promise<Provision> {
  let refusal: ApiError | undefined;
  try {
    return await timeout(options.deadline.remaining(), async () => {
      while (true) {
        try {
          const made = await provisionNow(connection, subjects, options);
          if (made !== undefined) return made;
        } catch (error) {
          if (!isWithoutPeers(error)) throw error;
          // The servers of a cluster may not have found each other yet.
          refusal = error;
          await connection.pause(PAUSE);
        }
      }
    });
  } catch (error) {
    throw error instanceof TimeoutError ? refusal ?? error : error;
  }
}

/** Resolves to `undefined` if another process has made the queue meanwhile. */
async function provisionNow(
  connection: ReconnectingConnection,
  subjects: Subjects,
  options: ProvisionOptions,
): Promise<Provision | undefined> {
  const info = `STREAM.INFO.${subjects.jobs}`;
  const found = await apiFind<StreamReply>(connection, info);
  if (found === undefined && !options.create) {
    throw new NatsError(`there is no queue ${subjects.name}`);
  }
  const before = found && queueNoteIn(found.config);
  const settings = found === undefined
    ? settingsOf(options)
    : settingsOf(options, settingsIn(found.config));
  const replicas = options.replicas ?? found?.config.num_replicas ??
    (connection.clustered ? 3 : 1);
  const bound = boundFor(connection, settings, found);
  const isLarger = bound > settings.maxSize && isBoundSafe(connection);
  const note = noteFor(settings, before, isLarger);
  const config = jobStream(subjects, { settings, note, bound, replicas });
  if (!await putStream(connection, config, found?.config)) return undefined;
  // Making a stream takes all its servers: later, one of them may be lost.
  const early = found === undefined && replicas > 1;
  const others = { options, settings, replicas, early };
  await provisionOthers(connection, subjects, others);
  const { incarnation } = note;
  const there = { connection, subjects, settings, incarnation };
  const lines = await linesOf(there);
  for (const line of lines) await provisionLine(there, line);
  return { settings, incarnation, lines, softBound: bound > settings.maxSize };
}

/**
 * The note of a queue with `settings`, which had the note `before`.
 *
 * @param isLarger Whether the servers have a larger bound for now.
 */
function noteFor(
  { lease, maxAttempts, maxSize, keepDone, keepDead }: Settings,
  before: QueueNote | undefined,
  isLarger: boolean,
): QueueNote {
  const note = { lease, maxAttempts, maxSize, keepDone, keepDead };
  if (before === undefined) {
    return { ...note, incarnation: newIncarnation(), shrunk: 0 };
  }
  const { incarnation, shrunk } = before;
  const shrinks = lease < before.lease || isLarger;
  return {
    ...note,
    incarnation,
    shrunk: shrinks ? shrunk || Date.now() : shrunk,
  };
}

function newIncarnation(): string {
  return crypto.randomUUID().slice(0, 8);
}

/**
 * The bound for the servers: none, if they do not keep it safely. Servers before
 * 2.10 delete jobs to keep a smaller one: there the old one stays, and the processes
 * that put keep the new one.
 */
function boundFor(
  connection: ReconnectingConnection,
  { maxSize }: Settings,
  found: StreamReply | undefined,
): number {
  if (!isBoundSafe(connection)) return Infinity;
  if (found === undefined || connection.isAtLeast(2, 10)) return maxSize;
  return found.state.messages === 0
    ? maxSize
    : Math.max(maxSize, boundIn(found.config));
}

/**
 * Makes or changes a stream. Resolves to `false` if another process has made it
 * meanwhile.
 */
async function putStream(
  connection: ReconnectingConnection,
  config: StreamConfig,
  found: StreamConfig | undefined,
): Promise<boolean> {
  const { name } = config;
  try {
    if (found === undefined) {
      await api(connection, `STREAM.CREATE.${name}`, config);
    } else if (
      Object.entries(config).some(([key, value]) =>
        JSON.stringify(found[key as keyof StreamConfig]) !==
          JSON.stringify(value)
      )
    ) {
      await api(connection, `STREAM.UPDATE.${name}`, { ...found, ...config });
    }
    return true;
  } catch (error) {
    if (found === undefined && await isThereNow(connection, name, error)) {
      return false;
    }
    throw explained(error, config.num_replicas);
  }
}

/** Whether `error` means that another process has made the stream meanwhile. */
async function isThereNow(
  connection: ReconnectingConnection,
  name: string,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof ApiError)) return false;
  if (error.code === code.otherConfiguration) return true;
  // If servers make a stream for two processes at the same time, they report that
  // it overlaps with itself.
  return error.code === code.overlap &&
    await apiFind(connection, `STREAM.INFO.${name}`) !== undefined;
}

/** Makes the other streams of a queue, and changes their settings. */
async function provisionOthers(
  connection: ReconnectingConnection,
  subjects: Subjects,
  { options, settings, replicas, early }: {
    options: ProvisionOptions;
    settings: Settings;
    replicas: number;
    /** Whether those are made, too, that not every queue needs. */
    early: boolean;
  },
): Promise<void> {
  const dead = deadStream(subjects, settings, replicas);
  const returned = returnedStream(subjects, replicas);
  await keep(dead, true, options.retention?.dead !== undefined);
  await keep(returned, true, false);
  const aged = options.retention?.done !== undefined;
  await keep(resultStream(subjects, settings, replicas), early, aged);
  await keep(stateStream(subjects, replicas), early, false);

  /** Changes only its own settings: an operator may have set others. */
  async function keep(
    stream: StreamConfig,
    create: boolean,
    aged: boolean,
  ): Promise<void> {
    const info = `STREAM.INFO.${stream.name}`;
    const found = (await apiFind<StreamReply>(connection, info))?.config;
    if (found === undefined) {
      if (create) await putStream(connection, stream, undefined);
      return;
    }
    const config = { ...found, num_replicas: replicas };
    if (aged) config.max_age = stream.max_age!;
    await putStream(connection, config, found);
  }
}

/**
 * Makes a stream that not every queue needs. If a server that is to keep it is away,
 * it waits for that.
 */
export async function provisionRecords(
  { connection, subjects, settings }: Provisioned,
  which: "state" | "results",
  options?: RequestOptions,
): Promise<void> {
  const { config } = await streamReport(connection, subjects.jobs, options);
  const replicas = config.num_replicas;
  const stream = which === "results"
    ? resultStream(subjects, settings, replicas)
    : stateStream(subjects, replicas);
  for (;;) {
    try {
      await api(connection, `STREAM.CREATE.${stream.name}`, stream, options);
      return;
    } catch (error) {
      if (await isThereNow(connection, stream.name, error)) return;
      const left = options?.deadline?.remaining() ?? Infinity;
      if (!isWithoutPeers(error) || left <= PAUSE) {
        throw explained(error, replicas);
      }
      await connection.pause(PAUSE, options);
    }
  }
}

/** Whether there are too few servers for a stream, now. */
function isWithoutPeers(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === code.noPeers;
}

/** Adds to an error what can be done about it. */
function explained(error: unknown, replicas: number): unknown {
  if (error instanceof ApiError && replicas > 1 && isTooSmall(error)) {
    error.message +=
      `: it takes ${replicas} servers with JetStream to keep a job ${replicas} times, unless \`replicas\` says otherwise`;
  }
  return error;
}

function isTooSmall({ code: found, message }: ApiError): boolean {
  return found === code.noReplicas ||
    /no suitable peers|replicas/.test(message);
}
