/** The streams and consumers of a queue, and how they are made. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import type { JobsOptions } from "../jobs/options.ts";
import { type Settings, settingsOf } from "../jobs/settings.ts";
import { NatsError } from "./errors.ts";
import {
  consumerOf,
  type Line,
  lineOfConsumer,
  PLAIN_LINE,
  type Subjects,
} from "./subjects.ts";
import type { Deadline } from "./transport/deadline.ts";
import {
  api,
  ApiError,
  apiFind,
  type ApiReply,
  code,
  nanoseconds,
} from "./transport/jetstream_api.ts";
import type { ReconnectingConnection } from "./transport/reconnecting_connection.ts";

/** The part of a stream's configuration that is used here. */
export interface StreamConfig {
  name: string;
  subjects: string[];
  retention: "workqueue" | "limits";
  storage: "file";
  discard: "new" | "old";
  max_msgs: number;
  max_msgs_per_subject: number;
  max_age?: number;
  duplicate_window?: number;
  num_replicas: number;
  description?: string;
  deny_delete?: boolean;
}

export interface StreamReply extends ApiReply {
  config: StreamConfig;
  state: {
    messages: number;
    first_seq: number;
    last_seq: number;
    consumer_count: number;
    subjects?: Record<string, number>;
  };
}

export interface ConsumerReply extends ApiReply {
  config: { ack_wait: number };
  /** The last message that was delivered for the first time. */
  delivered: { stream_seq: number };
  /** All messages up to this one are settled. */
  ack_floor: { stream_seq: number };
  /** How many deliveries are not settled. */
  num_ack_pending: number;
  /** How many messages have not been delivered. */
  num_pending: number;
}

/**
 * How long the servers wait for a settlement: longer than the lease, so that one
 * that is sent at the end of the lease arrives in time.
 */
export function ackWait(lease: number): number {
  return lease + Math.min(Math.max(lease / 10, 100), 5000);
}

/** The shortest window that servers accept, in milliseconds. */
const SHORTEST_WINDOW = 100;

/** The pause before servers that have not found each other are asked again. */
const PAUSE = 200;

/**
 * The settings for which JetStream has no place. `Infinity` is written as `null`, as
 * JSON has no such number.
 */
export interface QueueNote {
  lease: number;
  maxAttempts: number;
  maxSize: number;
  keepDone: number;
  keepDead: number;
  /** Tells the stream from other streams of its name, before or after it. */
  incarnation: string;
  /**
   * When, by `Date.now()`, the lease or the bound was made smaller; 0 if the servers
   * have the present ones. Until then the old ones are in force on the servers.
   */
  shrunk: number;
}

/** The note as the description of a stream: older servers keep nothing else. */
function written(note: QueueNote): string {
  return `jobs ${JSON.stringify(note)}`;
}

/** Reads the note of a queue. */
export function noteIn(
  { name, description, max_msgs }: StreamConfig,
): QueueNote {
  const none = new NatsError(
    `the stream ${name} is there already, and is no queue of jobs`,
  );
  if (!description?.startsWith("jobs {")) throw none;
  let note: Partial<Record<keyof QueueNote, unknown>>;
  try {
    note = JSON.parse(description.slice("jobs".length));
  } catch {
    throw none;
  }
  const number = (value: unknown, otherwise: number) =>
    value === null ? Infinity : typeof value === "number" ? value : otherwise;
  return {
    lease: number(note.lease, Infinity),
    maxAttempts: number(note.maxAttempts, Infinity),
    maxSize: number(note.maxSize, max_msgs > 0 ? max_msgs : Infinity),
    keepDone: number(note.keepDone, 60_000),
    keepDead: number(note.keepDead, Infinity),
    incarnation: typeof note.incarnation === "string" ? note.incarnation : "",
    shrunk: number(note.shrunk, 0),
  };
}

/** Reads the settings of a queue. */
export function settingsIn(config: StreamConfig): Settings {
  const { lease, maxAttempts, maxSize, keepDone, keepDead } = noteIn(config);
  const window = (config.duplicate_window ?? 0) / 1e6;
  return { lease, maxAttempts, maxSize, keepDone, keepDead, window };
}

/** Reads the bound that the servers keep. */
export function boundIn({ max_msgs }: StreamConfig): number {
  return max_msgs > 0 ? max_msgs : Infinity;
}

function streamOf(
  subjects: Subjects,
  { settings, note, bound, replicas }: {
    settings: Settings;
    note: QueueNote;
    bound: number;
    replicas: number;
  },
): StreamConfig {
  return {
    name: subjects.jobs,
    subjects: subjects.allTodo,
    retention: "workqueue",
    storage: "file",
    discard: "new",
    max_msgs: bound === Infinity ? -1 : bound,
    max_msgs_per_subject: -1,
    duplicate_window: nanoseconds(Math.max(settings.window, SHORTEST_WINDOW)),
    num_replicas: replicas,
    description: written(note),
  };
}

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

/** Makes the queue if it is not there, and changes its settings. */
export async function provision(
  connection: ReconnectingConnection,
  subjects: Subjects,
  options: ProvisionOptions,
): Promise<Provision> {
  while (true) {
    try {
      const made = await provisionNow(connection, subjects, options);
      if (made !== undefined) return made;
    } catch (error) {
      // The servers of a cluster may not have found each other yet.
      if (!(error instanceof ApiError && error.code === code.noPeers)) {
        throw error;
      }
      if (options.deadline.remaining() < PAUSE) throw error;
      await connection.pause(PAUSE);
    }
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
  const before = found && noteIn(found.config);
  const settings = found === undefined
    ? settingsOf(options)
    : settingsOf(options, settingsIn(found.config));
  const replicas = options.replicas ?? found?.config.num_replicas ??
    (connection.clustered ? 3 : 1);
  const bound = boundFor(connection, settings, found);
  const shrinks = before !== undefined &&
    (settings.lease < before.lease || bound > settings.maxSize);
  const note: QueueNote = {
    lease: settings.lease,
    maxAttempts: settings.maxAttempts,
    maxSize: settings.maxSize,
    keepDone: settings.keepDone,
    keepDead: settings.keepDead,
    incarnation: before === undefined ? newIncarnation() : before.incarnation,
    shrunk: shrinks ? before.shrunk || Date.now() : before?.shrunk ?? 0,
  };
  const config = streamOf(subjects, { settings, note, bound, replicas });
  if (!await put(connection, config, found?.config)) return undefined;
  await provisionOthers(connection, subjects, { options, settings, replicas });
  const { incarnation } = note;
  const there = { connection, subjects, settings, incarnation };
  const lines = await linesOf(there);
  for (const line of lines) await provisionLine(there, line);
  return { settings, incarnation, lines, softBound: bound > settings.maxSize };
}

function newIncarnation(): string {
  return crypto.randomUUID().slice(0, 8);
}

/**
 * The bound for the servers. Servers before 2.10 delete jobs to keep a smaller one:
 * there the old one stays, and the processes that put keep the new one.
 */
function boundFor(
  connection: ReconnectingConnection,
  { maxSize }: Settings,
  found: StreamReply | undefined,
): number {
  if (found === undefined || connection.isAtLeast(2, 10)) return maxSize;
  return found.state.messages === 0
    ? maxSize
    : Math.max(maxSize, boundIn(found.config));
}

/**
 * Makes or changes a stream. Resolves to `false` if another process has made it
 * meanwhile.
 */
async function put(
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

/** A stream of records; keeps `perSubject` of each subject, or all if that is 0. */
function records(
  name: string,
  subject: string,
  { replicas, perSubject, maxAge = Infinity, description }: {
    replicas: number;
    perSubject: number;
    maxAge?: number;
    description: string;
  },
): StreamConfig {
  return {
    name,
    subjects: [subject],
    retention: "limits",
    storage: "file",
    discard: "old",
    max_msgs: -1,
    max_msgs_per_subject: perSubject || -1,
    max_age: maxAge === Infinity ? 0 : nanoseconds(Math.max(maxAge, 100)),
    num_replicas: replicas,
    description,
  };
}

function resultStream(
  subjects: Subjects,
  { keepDone }: Settings,
  replicas: number,
): StreamConfig {
  return records(subjects.results, subjects.result("*"), {
    replicas,
    perSubject: 1,
    maxAge: keepDone,
    description: "outcomes of jobs",
  });
}

/** Makes the other streams of a queue, and changes their settings. */
async function provisionOthers(
  connection: ReconnectingConnection,
  subjects: Subjects,
  { options, settings, replicas }: {
    options: ProvisionOptions;
    settings: Settings;
    replicas: number;
  },
): Promise<void> {
  const { keepDead } = settings;
  const dead = records(subjects.dead, subjects.letters, {
    replicas,
    perSubject: 0,
    maxAge: keepDead,
    description: "dead letters",
  });
  const returned = records(subjects.returned, subjects.returns("*"), {
    replicas,
    perSubject: 1,
    description: "notes on jobs that were given back",
  });
  await keep(dead, true, options.retention?.dead !== undefined);
  await keep(returned, true, false);
  const aged = options.retention?.done !== undefined;
  await keep(resultStream(subjects, settings, replicas), false, aged);

  /** Changes only its own settings: an operator may have set others. */
  async function keep(
    stream: StreamConfig,
    create: boolean,
    aged: boolean,
  ): Promise<void> {
    const info = `STREAM.INFO.${stream.name}`;
    const found = (await apiFind<StreamReply>(connection, info))?.config;
    if (found === undefined) {
      if (create) await put(connection, stream, undefined);
      return;
    }
    const config = { ...found, num_replicas: replicas };
    if (aged) config.max_age = stream.max_age!;
    await put(connection, config, found);
  }
}

/** A queue that is on the servers. */
export interface Provisioned {
  readonly connection: ReconnectingConnection;
  readonly subjects: Subjects;
  readonly settings: Settings;
  readonly incarnation: string;
}

/** Makes a stream that not every queue needs. */
export async function provisionRecords(
  { connection, subjects, settings }: Provisioned,
  which: "state" | "results",
  options?: WaitOptions,
): Promise<void> {
  const info = `STREAM.INFO.${subjects.jobs}`;
  const { config } = await api<StreamReply>(
    connection,
    info,
    undefined,
    options,
  );
  const replicas = config.num_replicas;
  const stream = which === "results"
    ? resultStream(subjects, settings, replicas)
    : records(subjects.state, subjects.shared(">"), {
      replicas,
      perSubject: 1,
      description: "what the processes of a queue share",
    });
  try {
    await api(connection, `STREAM.CREATE.${stream.name}`, stream, options);
  } catch (error) {
    if (!await isThereNow(connection, stream.name, error)) {
      throw explained(error, replicas);
    }
  }
}

/** The lines that have a consumer, and the plain one. */
export async function linesOf(
  { connection, subjects, incarnation }: Provisioned,
  options?: WaitOptions,
): Promise<Line[]> {
  const { consumers } = await api<ApiReply & { consumers?: string[] | null }>(
    connection,
    `CONSUMER.NAMES.${subjects.jobs}`,
    undefined,
    options,
  );
  const lines = new Set([PLAIN_LINE]);
  for (const name of consumers ?? []) {
    const line = lineOfConsumer(name);
    if (consumerOf(line, incarnation) === name) lines.add(line);
  }
  return [...lines];
}

/** Makes the consumer of a line, or lets it wait long enough for settlements. */
export async function provisionLine(
  { connection, subjects, settings, incarnation }: Provisioned,
  line: Line,
  options?: WaitOptions,
): Promise<void> {
  const ack_wait = nanoseconds(ackWait(settings.lease));
  const name = consumerOf(line, incarnation);
  const info = `CONSUMER.INFO.${subjects.jobs}.${name}`;
  const found = await apiFind<ConsumerReply>(
    connection,
    info,
    undefined,
    options,
  );
  // A shorter time would take jobs from their holders: see `shrink`.
  if (found !== undefined && found.config.ack_wait >= ack_wait) return;
  const create = `CONSUMER.DURABLE.CREATE.${subjects.jobs}.${name}`;
  await api(connection, create, {
    stream_name: subjects.jobs,
    config: found === undefined
      ? {
        durable_name: name,
        filter_subject: subjects.todo(line),
        ack_policy: "explicit",
        ack_wait,
        deliver_policy: "all",
        replay_policy: "instant",
        // Delayed jobs are unsettled deliveries: there is no bound on them.
        max_ack_pending: -1,
        // A worker makes a dead letter of a job whose attempts are used up.
        max_deliver: -1,
        max_waiting: 10_000,
      }
      : { ...found.config, ack_wait },
  }, options);
}

/** How much longer than the old lease is waited, in milliseconds. */
const SHRINK_MARGIN = 10_000;

/**
 * Sets a smaller lease or bound on the servers, as soon as that takes no job away:
 * when all longer leases have run out, and no more jobs are there than the bound.
 */
export async function shrink(
  there: Provisioned,
  { config, state }: StreamReply,
): Promise<void> {
  const { connection, subjects, incarnation } = there;
  const note = noteIn(config);
  const passed = Date.now() - note.shrunk;
  if (note.shrunk === 0 || passed < SHRINK_MARGIN) return;
  if (boundIn(config) > note.maxSize && state.messages > note.maxSize) return;
  const ack_wait = nanoseconds(ackWait(note.lease));
  for (const line of await linesOf(there)) {
    const name = `${subjects.jobs}.${consumerOf(line, incarnation)}`;
    const found = await apiFind<ConsumerReply>(
      connection,
      `CONSUMER.INFO.${name}`,
    );
    if (found === undefined || found.config.ack_wait <= ack_wait) continue;
    if (passed < found.config.ack_wait / 1e6 + SHRINK_MARGIN) return;
    await api(connection, `CONSUMER.DURABLE.CREATE.${name}`, {
      stream_name: subjects.jobs,
      config: { ...found.config, ack_wait },
    });
  }
  await api(connection, `STREAM.UPDATE.${config.name}`, {
    ...config,
    max_msgs: note.maxSize === Infinity ? -1 : note.maxSize,
    description: written({ ...note, shrunk: 0 }),
  });
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
