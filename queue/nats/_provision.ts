/** What a queue is on the servers, and how it gets there. @module */
import type { JobsOptions } from "../jobs/jobs.ts";
import { type Settings, settingsOf } from "../jobs/settings.ts";
import {
  api,
  ApiError,
  apiFind,
  type ApiReply,
  code,
} from "./transport/jetstream_api.ts";
import { NatsError } from "./errors.ts";
import type { ReconnectingConnection } from "./transport/reconnecting_connection.ts";
import { nanoseconds } from "./transport/nanoseconds.ts";
import type { Subjects } from "./_subjects.ts";

interface StreamConfig {
  name: string;
  subjects: string[];
  retention: "workqueue" | "limits";
  storage: "file";
  discard: "new" | "old";
  max_msgs: number;
  max_msgs_per_subject: number;
  duplicate_window?: number;
  num_replicas: number;
  description?: string;
  deny_delete?: boolean;
}

export interface StreamReply extends ApiReply {
  config: StreamConfig;
  state: { messages: number; first_seq: number; last_seq: number };
}

export interface ConsumerReply extends ApiReply {
  config: { ack_wait: number };
  /** The last one that was handed out, for the first time. */
  delivered: { stream_seq: number };
  /** All up to here are settled. */
  ack_floor: { stream_seq: number };
  /** How many are out, and how many have yet to be handed out. */
  num_ack_pending: number;
  num_pending: number;
}

/**
 * How long the servers wait for a holder: longer than the holder may believe
 * that the job is its own, so that an answer given in time is there in time.
 */
function ackWait(lease: number): number {
  return lease + Math.min(Math.max(lease / 10, 100), 5000);
}

/** Servers take no shorter one. */
const SHORTEST_WINDOW = 100;

/** Until servers that have not found each other are asked again. */
const PAUSE = 200;

/** What of the settings JetStream has no place for. */
type Note = Pick<Settings, "lease" | "maxAttempts">;

/** The note lies in the description: older servers keep nothing else. */
function written({ lease, maxAttempts }: Settings): string {
  return `jobs ${JSON.stringify({ lease, maxAttempts })}`;
}

/** JSON has no `Infinity`. */
function read({ name, description }: StreamConfig): Note {
  if (!description?.startsWith("jobs {")) {
    throw new NatsError(
      `the stream ${name} is there already, and is no queue of jobs`,
    );
  }
  const { lease, maxAttempts } = JSON.parse(description.slice("jobs".length));
  return { lease: lease ?? Infinity, maxAttempts: maxAttempts ?? Infinity };
}

function streamOf(
  { jobs, todo }: Subjects,
  settings: Settings,
  replicas: number,
): StreamConfig {
  return {
    name: jobs,
    subjects: [todo],
    retention: "workqueue",
    storage: "file",
    discard: "new",
    max_msgs: settings.maxSize === Infinity ? -1 : settings.maxSize,
    max_msgs_per_subject: -1,
    duplicate_window: nanoseconds(Math.max(settings.window, SHORTEST_WINDOW)),
    num_replicas: replicas,
    description: written(settings),
  };
}

/** How a queue is to be set up. */
export interface SetUpOptions extends JobsOptions {
  replicas?: number | undefined;
  /** When to give up, by `performance.now()`. */
  until: number;
}

/**
 * Makes sure that the queue is there, and as `options` say; gives the settings
 * that are in force.
 */
export async function setUp(
  link: ReconnectingConnection,
  names: Subjects,
  options: SetUpOptions,
): Promise<Settings> {
  while (true) {
    try {
      const settings = await setUpNow(link, names, options);
      if (settings !== undefined) return settings;
    } catch (error) {
      // The servers of a cluster may just be about to find each other.
      if (!(error instanceof ApiError && error.code === code.noPeers)) {
        throw error;
      }
      if (performance.now() + PAUSE > options.until) throw error;
      await link.pause(PAUSE);
    }
  }
}

/** `undefined` where somebody else has just made it, and maybe differently. */
async function setUpNow(
  link: ReconnectingConnection,
  names: Subjects,
  options: SetUpOptions,
): Promise<Settings | undefined> {
  const found = await apiFind<StreamReply>(link, `STREAM.INFO.${names.jobs}`);
  const settings = found === undefined
    ? settingsOf(options)
    : settingsOf(options, settingsIn(found.config));
  const replicas = options.replicas ?? found?.config.num_replicas ??
    (link.clustered ? 3 : 1);
  const config = streamOf(names, settings, replicas);
  if (!await put(link, config, found?.config)) return undefined;
  await setUpOthers(link, names, replicas);
  await setUpConsumer(link, names, settings);
  return settings;
}

function settingsIn(config: StreamConfig): Settings {
  return {
    ...read(config),
    maxSize: config.max_msgs > 0 ? config.max_msgs : Infinity,
    window: (config.duplicate_window ?? 0) / 1e6,
  };
}

/** False where somebody else has just made it, and maybe differently. */
async function put(
  link: ReconnectingConnection,
  config: StreamConfig,
  found: StreamConfig | undefined,
): Promise<boolean> {
  const { name } = config;
  try {
    if (found === undefined) {
      await api(link, `STREAM.CREATE.${name}`, config);
    } else if (
      Object.entries(config).some(([key, value]) =>
        JSON.stringify(found[key as keyof StreamConfig]) !==
          JSON.stringify(value)
      )
    ) {
      await api(link, `STREAM.UPDATE.${name}`, { ...found, ...config });
    }
    return true;
  } catch (error) {
    if (found === undefined && await isThereNow(link, name, error)) {
      return false;
    }
    throw explained(error, config.num_replicas);
  }
}

/** Whether `error` says that a stream could not be made as another was quicker. */
async function isThereNow(
  link: ReconnectingConnection,
  name: string,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof ApiError)) return false;
  if (error.code === code.otherConfiguration) return true;
  // Servers that make it for two at the very same time find that it overlaps
  // with itself.
  return error.code === code.overlap &&
    await apiFind(link, `STREAM.INFO.${name}`) !== undefined;
}

/** The streams beside the one of the jobs. */
async function setUpOthers(
  link: ReconnectingConnection,
  names: Subjects,
  replicas: number,
): Promise<void> {
  const common = {
    retention: "limits" as const,
    storage: "file" as const,
    discard: "old" as const,
    max_msgs: -1,
    num_replicas: replicas,
  };
  const streams: StreamConfig[] = [{
    ...common,
    name: names.dead,
    subjects: [names.letters],
    max_msgs_per_subject: -1,
    description: "dead letters",
  }, {
    ...common,
    name: names.returned,
    subjects: [names.returns("*")],
    max_msgs_per_subject: 1,
    description: "how often jobs were given back that count as not taken",
  }];
  for (const stream of streams) {
    const found = await apiFind<StreamReply>(
      link,
      `STREAM.INFO.${stream.name}`,
    );
    // Limits that an operator has set stay as they are.
    if (found === undefined) await put(link, stream, undefined);
    else if (found.config.num_replicas !== replicas) {
      const config = { ...found.config, num_replicas: replicas };
      await put(link, config, found.config);
    }
  }
}

async function setUpConsumer(
  link: ReconnectingConnection,
  names: Subjects,
  { lease }: Settings,
): Promise<void> {
  const ack_wait = nanoseconds(ackWait(lease));
  const subject = `CONSUMER.INFO.${names.consumer}`;
  const found = await apiFind<ConsumerReply>(link, subject);
  if (found?.config.ack_wait === ack_wait) return;
  await api(link, `CONSUMER.DURABLE.CREATE.${names.consumer}`, {
    stream_name: names.jobs,
    config: found === undefined
      ? {
        durable_name: names.workers,
        ack_policy: "explicit",
        ack_wait,
        deliver_policy: "all",
        replay_policy: "instant",
        // Delayed jobs stand among those that are out: no bound on them.
        max_ack_pending: -1,
        // What has had its attempts is buried by whoever gets it next.
        max_deliver: -1,
        max_waiting: 10_000,
      }
      : { ...found.config, ack_wait },
  });
}

/** The number of the last dead letter. */
export async function lastLetter(
  link: ReconnectingConnection,
  names: Subjects,
  options?: { signal?: AbortSignal | undefined },
): Promise<number> {
  const subject = `STREAM.INFO.${names.dead}`;
  const { state } = await api<StreamReply>(link, subject, undefined, options);
  return state.last_seq;
}

/** With what to do about it. */
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
