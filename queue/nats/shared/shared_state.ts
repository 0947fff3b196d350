/** Records that all processes of a queue share. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import { provisionRecords } from "../provision.ts";
import { asciiJson } from "../producer/job_message.ts";
import {
  type ApiReply,
  isConflict,
  reply,
} from "../transport/jetstream_api.ts";
import type { RequestOptions } from "../transport/reconnecting_connection.ts";
import {
  findMessage,
  removeMessage,
  textIn,
} from "../transport/stored_message.ts";

/** A record, and the number of its version: 0 if there is none. */
export interface Stored<V> {
  readonly value: V | undefined;
  readonly seq: number;
}

/** The header with the id of a write. */
const WRITE = "Nats-Msg-Id";

/** The longest pause after a write that came too late, in milliseconds. */
const PAUSE = 20;

/**
 * Small records that all processes of a queue share. A write has the number of the
 * version that it replaces, and is refused if there is a newer one. This works on
 * every version of the server.
 */
export class SharedState {
  readonly #context: QueueContext;
  /** Whether the stream is known to be there. */
  #there = false;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /** Reads a record. */
  async read<V>(
    subject: string,
    options?: RequestOptions,
  ): Promise<Stored<V>> {
    const { connection, subjects } = this.#context;
    const found = await findMessage(
      connection,
      subjects.state,
      { last_by_subj: subject },
      { ...options, doubt: 0 },
    );
    if (found === undefined) return { value: undefined, seq: 0 };
    return { value: parsed<V>(textIn(found)), seq: found.seq };
  }

  /** Makes the stream, if it is not known to be there. */
  async provide(options?: RequestOptions): Promise<void> {
    if (this.#there) return;
    await provisionRecords(this.#context, "state", options);
    this.#there = true;
  }

  /** Writes a record; resolves to its number, or to 0 if there is a newer version. */
  async write(
    subject: string,
    value: unknown,
    seq: number,
    options?: RequestOptions,
  ): Promise<number> {
    const { connection } = this.#context;
    await this.provide(options);
    const request = { asked: "to share", subject, data: asciiJson(value) };
    try {
      const written = await reply<ApiReply & { seq: number }>(
        connection,
        request,
        {
          ...options,
          headers: {
            "Nats-Expected-Last-Subject-Sequence": String(seq),
            [WRITE]: crypto.randomUUID(), // a repeated request is one write
          },
        },
      );
      return written.seq;
    } catch (error) {
      if (isConflict(error)) return 0;
      throw error;
    }
  }

  /** Removes a version of a record; resolves to `false` if there is a newer one. */
  remove(
    seq: number,
    options?: RequestOptions,
  ): Promise<boolean> {
    const { connection, subjects } = this.#context;
    return removeMessage(connection, subjects.state, seq, options);
  }

  /**
   * Changes a record. `change` is called with its value, and returns the new one,
   * `undefined` to leave the record, or `null` to remove it.
   */
  async update<V>(
    subject: string,
    change: (value: V | undefined) => V | null | undefined,
    options?: WaitOptions & RequestOptions,
  ): Promise<void> {
    for (;;) {
      const { value, seq } = await this.read<V>(subject, options);
      const changed = change(value);
      if (changed === undefined || (changed === null && seq === 0)) return;
      const won = changed === null
        ? await this.remove(seq, options)
        : await this.write(subject, changed, seq, options) > 0;
      if (won) return;
      await this.#context.connection.pause(PAUSE * Math.random(), options);
    }
  }
}

function parsed<V>(text: string): V | undefined {
  try {
    return JSON.parse(text) as V;
  } catch {
    return undefined; // not written by this package
  }
}
