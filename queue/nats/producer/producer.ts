/** Puts jobs into a queue on NATS. @module */
import { isThenable, type WaitOptions } from "../../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  readyError,
} from "../../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../../tasks/kernel/wait/handed_wait.ts";
import { QueueShutDownError } from "../../errors.ts";
import type { Codec } from "../../jobs/codec.ts";
import { settled } from "../../jobs/codec_wait.ts";
import { closedError } from "../../jobs/errors.ts";
import type { DeadLetter } from "../../jobs/jobs.ts";
import type { PutOptions } from "../../jobs/options.ts";
import {
  checkPut,
  DEFAULT_PRIORITY,
  listed,
  momentIn,
} from "../../jobs/settings.ts";
import { QUEUE, type QueueName } from "../../jobs/queue_name.ts";
import { traced } from "../../jobs/telemetry.ts";
import type { StoredLetter } from "../consumer/dead_letters.ts";
import type { QueueContext } from "../queue_context.ts";
import { roomBeside } from "../shared/room.ts";
import { type Line, LINES, PLAIN_LINE } from "../subjects.ts";
import {
  type JobMessage,
  type JobMeta,
  MESSAGE_ID,
  META,
  writtenMeta,
} from "./job_message.ts";
import { Put, type PutAgain } from "./put.ts";
import type { PutNumbers } from "./put_numbers.ts";
import type { Publisher } from "./publisher.ts";
import type { UniqueIds } from "./unique_ids.ts";

/** How many jobs of a `putMany` are on their way at a time. */
const PUTS_AT_A_TIME = 256;

/** A job that is to be put. */
interface Offer {
  readonly id: string;
  readonly data: Uint8Array;
  readonly meta: Partial<JobMeta>;
  readonly line: Line;
  /**
   * The id of the message; the servers store one of each id. Until its job is done,
   * a unique id has messages with ids of their own.
   */
  readonly messageId: string;
  /** What the error returns if the job is not put. */
  readonly item: unknown;
  /** Milliseconds within which it must be begun. */
  readonly expires?: number;
}

/** What a producer works with. */
export interface ProducerParts<T> {
  readonly context: QueueContext;
  readonly codec: Codec<T>;
  readonly publisher: Publisher;
  readonly unique: UniqueIds;
  readonly numbers: PutNumbers;
  hasLine(line: Line): boolean;
  /** Makes the consumer of a line, if there is none. */
  needLine(line: Line, options?: WaitOptions): Promise<void> | undefined;
  /** Called with the number of a job that expires in `ms` milliseconds. */
  expiresIn(ms: number, seq: number): void;
}

/** Puts jobs into a queue. */
export class Producer<T> {
  readonly [QUEUE]: QueueName;
  readonly #parts: ProducerParts<T>;
  /** How many messages were published. */
  #published = 0;
  #isClosed = false;

  constructor(parts: ProducerParts<T>) {
    this[QUEUE] = { system: "nats", name: parts.context.subjects.name };
    this.#parts = parts;
  }

  put(value: T, options: PutOptions = {}): Promise<void> {
    return traced(this, options?.id, (trace) => {
      try {
        checkPut(options);
        const data = this.#parts.codec.encode(value);
        const offer = (data: Uint8Array) =>
          this.#offer(value, data, { ...options, trace });
        if (!isThenable(data)) return offer(data);
        return composite(async () => await offer(await settled(data, options)));
      } catch (error) {
        return Promise.reject(error);
      }
    });
  }

  /** @throws {RangeError} It is too long. */
  #offer(
    item: T,
    data: Uint8Array,
    options: PutOptions & { trace: string | undefined },
  ): Promise<void> {
    const { id, delay = 0, expires = Infinity, key, unique, trace } = options;
    const priority = options.priority ?? DEFAULT_PRIORITY;
    const untilDone = unique === "untilDone";
    const jobId = id ?? crypto.randomUUID();
    this.#checkLength(data, jobId + (key ?? ""));
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#isClosed) return readyError(closedError("put", { item }));
    const offer = {
      id: jobId,
      data,
      item,
      line: lineFor(priority, delay),
      messageId: encodeURIComponent(jobId),
      meta: {
        id: untilDone ? jobId : undefined!,
        due: delay > 0 ? momentIn(delay) : 0,
        expires: Date.now() + expires,
        jobKey: key,
        named: id !== undefined,
        untilDone,
        trace,
      },
      expires,
    };
    const { hasLine, publisher } = this.#parts;
    const isPlain = !untilDone && expires === Infinity &&
      publisher.isFree && hasLine(offer.line);
    if (isPlain) return this.#putAtOnce(offer, options);
    return composite(async () => {
      await this.#put(offer, options);
    });
  }

  /** Puts a job in one message, as most can be. */
  #putAtOnce(offer: Offer, options: WaitOptions): Promise<void> {
    const { connection, subjects } = this.#parts.context;
    const { line, data, headers } = messageOf(offer);
    const putAgain: PutAgain = (options) => this.#put(offer, options);
    const noted = offer.meta.named
      ? (seq: number) => this.#note(offer, seq)
      : undefined;
    const what = { put: noted, putAgain };
    const put = new Put(subjects.todo(line), what, options);
    this.#published++;
    connection.ask(put, data, { headers });
    return put.promise;
  }

  #checkLength(data: Uint8Array, id: string): void {
    const room = roomBeside(this.#parts.context.connection, id);
    if (data.length <= room) return;
    throw new RangeError(
      `Cannot put: the servers take a job of at most ${room} bytes, received ${data.length}`,
    );
  }

  /**
   * If closing the queue ends the put, the error returns the item.
   *
   * @returns Whether it was put; `false` if its id is taken until a job is done.
   */
  async #put(offer: Offer, options?: WaitOptions): Promise<boolean> {
    const { item, line } = offer;
    try {
      const made = this.#parts.needLine(line, options);
      if (made !== undefined) await made;
      const { untilDone, id } = offer.meta;
      if (untilDone) {
        const put = (messageId: string) =>
          this.#publish({ ...offer, messageId }, options);
        return await this.#parts.unique.put(id!, put, options);
      }
      await this.#publish(offer, options);
      return true;
    } catch (error) {
      if (!this.#isClosed || !(error instanceof QueueShutDownError)) {
        throw error;
      }
      throw closedError("put", { item });
    }
  }

  async #publish(offer: Offer, options?: WaitOptions): Promise<number> {
    const { meta, messageId, expires = Infinity } = offer;
    const { publisher, expiresIn } = this.#parts;
    const once = meta.named && !meta.untilDone ? messageId : undefined;
    this.#published++;
    const seq = await publisher.put(messageOf(offer), once, options);
    if (seq > 0 && expires !== Infinity) expiresIn(expires, seq);
    this.#note(offer, seq);
    return seq;
  }

  /** Remembers the number of a job that is likely to be asked for. */
  #note({ id, meta }: Offer, seq: number): void {
    if (meta.named && seq > 0) this.#parts.numbers.add(id, seq);
  }

  putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void> {
    return composite(() => this.#putMany(list, options));
  }

  async #putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void> {
    const signal = options?.signal;
    const { maxSize } = this.#parts.context.settings;
    // One after the other, if they may have to wait for room.
    const most = maxSize === Infinity ? PUTS_AT_A_TIME : 1;
    const puts: Promise<void>[] = [];
    try {
      for (const { value, ...rest } of listed(list)) {
        checkPut(rest);
        if (puts.length >= most) await allPut(puts.splice(0));
        const before = this.#published;
        puts.push(this.put(value, { ...rest, signal }));
        // Those that follow do not overtake one that is encoded, or claims its
        // id, before it is published.
        if (this.#published === before) await allPut(puts.splice(0));
      }
    } catch (error) {
      await allPut(puts);
      throw error;
    }
    await allPut(puts);
  }

  /**
   * Puts a dead letter back: with the same id, in a new message.
   *
   * @returns Whether it was put back; `false` if its id is taken.
   */
  putBack(
    letter: DeadLetter<T>,
    { meta, data, seq, date }: StoredLetter,
    options?: WaitOptions,
  ): Promise<boolean> {
    const messageId = `letter ${seq} ${date.getTime()}`;
    const { priority = DEFAULT_PRIORITY, ...rest } = meta;
    const line = lineFor(priority, 0);
    const { id } = letter;
    const offer = { id, data, meta: rest, line, messageId, item: letter };
    return this.#put(offer, options);
  }

  /** Puts a run of a schedule. */
  async putRun(data: Uint8Array, id: string): Promise<void> {
    const messageId = encodeURIComponent(id);
    const meta = { named: true };
    const rest = { line: PLAIN_LINE, messageId, item: undefined };
    await this.#put({ id, data, meta, ...rest });
  }

  close(): void {
    this.#isClosed = true;
    this.#parts.publisher.close(closedError("put"));
  }
}

function messageOf({ line, data, meta, messageId }: Offer): JobMessage {
  const written = writtenMeta(meta, messageId);
  const headers: Record<string, string> = { [MESSAGE_ID]: messageId };
  if (written !== undefined) headers[META] = written;
  return { line, data, headers };
}

/** Waits for all of them; rejects with the first error. */
async function allPut(puts: Promise<void>[]): Promise<void> {
  for (const put of await Promise.allSettled(puts)) {
    if (put.status === "rejected") throw put.reason;
  }
}

function lineFor(priority: number, delay: number): Line {
  return LINES.find((line) =>
    line.priority === priority && line.delayed === delay > 0
  )!;
}
