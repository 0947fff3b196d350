/** What the processes of a queue know of its jobs. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Acks } from "../consumer/acks.ts";
import { type Knowledge, LONGEST_HOLD } from "../consumer/held_jobs.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Msg } from "../transport/client.ts";
import { listIn } from "../transport/json.ts";
import { REPLY_TIMEOUT_MS } from "./holders.ts";

/** What one process knows of a job. */
type Known = [key: string, knowledge: Knowledge];

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
    const known: Known[] = [];
    for (const key of listIn(message)) {
      if (typeof key !== "string") continue; // from another program
      const knowledge = this.#acks.jobs.knowledgeOf(key);
      if (knowledge === undefined) continue;
      known.push([key, knowledge]);
      this.#acks.jobs.handedOutElsewhere(key);
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
        for (const [key, knowledge] of listIn(message).filter(isKnown)) {
          answer(asking, key, knowledge);
        }
        return asking.size === 0;
      },
    });
  }
}

/** Whether an entry of a reply is one: another program may have sent it. */
function isKnown(entry: unknown): entry is Known {
  if (!Array.isArray(entry)) return false;
  const [key, knowledge] = entry;
  return typeof key === "string" &&
    (knowledge === "done" ||
      (typeof knowledge === "number" && knowledge >= 0 &&
        knowledge <= LONGEST_HOLD));
}

function answer(
  asking: Asking,
  key: string,
  known: Knowledge | undefined,
): void {
  asking.get(key)?.resolve(known);
  asking.delete(key);
}
