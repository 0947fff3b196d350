/** What the processes of a queue know of its jobs. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Acks } from "../consumer/acks.ts";
import type { Knowledge } from "../consumer/held_jobs.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Msg } from "../transport/client.ts";
import { REPLY_TIMEOUT_MS } from "./holders.ts";

/** What one process knows of jobs, by their keys. */
type Reply = [key: string, knowledge: Knowledge][];

/** Questions without an answer, by the keys of the jobs. */
type Asking = Map<string, PromiseWithResolvers<Knowledge | undefined>>;

/** How long replies are waited for at most, in parts of a lease. */
const PARTS_OF_LEASE = 4;

/** For how long questions are collected, in milliseconds. */
const COLLECT = 5;

/** How many jobs are asked about at a time. */
const MOST_KEYS = 1000;

/**
 * Asks all processes of a queue what they know of jobs that the servers hand out or
 * keep without need, and replies for this one. A process that knows nothing of the
 * jobs does not reply.
 */
export class KnownJobs {
  readonly #context: QueueContext;
  readonly #acks: Acks;
  readonly #loop = getRunningLoop();
  /** The questions that are collected. */
  #asking: Asking = new Map();
  #timer: TimerHandle | undefined = undefined;

  constructor(context: QueueContext, acks: Acks) {
    this.#context = context;
    this.#acks = acks;
    const { connection, subjects } = context;
    connection.subscribe(subjects.known, (message) => this.#reply(message));
    connection.onChange(() => {
      if (connection.error !== undefined) this.#send();
    });
  }

  #reply(message: Msg): void {
    const known: Reply = [];
    for (const key of message.json<string[]>()) {
      const knowledge = this.#acks.jobs.knowledgeOf(key);
      if (knowledge !== undefined) known.push([key, knowledge]);
    }
    if (known.length > 0) message.respond(JSON.stringify(known));
  }

  /** What the processes know of a job; `undefined` if none has dealt with it. */
  ask(key: string): Promise<Knowledge | undefined> {
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked.promise;
    const question = Promise.withResolvers<Knowledge | undefined>();
    this.#asking.set(key, question);
    const isOver = this.#context.connection.error !== undefined;
    if (isOver || this.#asking.size >= MOST_KEYS) this.#send();
    else this.#timer ??= this.#loop.callLater(COLLECT, () => this.#send());
    return question.promise;
  }

  /** Asks what was collected, in one message. */
  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#asking.size === 0) return;
    const asking = this.#asking;
    this.#asking = new Map();
    this.#acks.inBackground(async () => {
      try {
        await this.#askAll(asking);
      } finally {
        for (const key of [...asking.keys()]) answer(asking, key, undefined);
      }
    });
  }

  async #askAll(asking: Asking): Promise<void> {
    const { connection, subjects, settings } = this.#context;
    const keys = JSON.stringify([...asking.keys()]);
    await connection.gather(subjects.known, keys, {
      ms: Math.min(REPLY_TIMEOUT_MS, settings.lease / PARTS_OF_LEASE),
      enough: (message) => {
        const known = message.json<Reply>();
        for (const [key, knowledge] of known) answer(asking, key, knowledge);
        return asking.size === 0;
      },
    });
  }
}

function answer(
  asking: Asking,
  key: string,
  known: Knowledge | undefined,
): void {
  asking.get(key)?.resolve(known);
  asking.delete(key);
}
