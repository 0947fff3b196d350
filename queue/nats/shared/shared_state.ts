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
import { EmptyRecords } from "./empty_records.ts";

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
  readonly #empty: EmptyRecords;
  /** Whether the stream is known to be there. */
  #there = false;

  /** @param begin Does work in no task; its errors are ignored. */
  constructor(
    context: QueueContext,
    begin: (work: () => Promise<unknown>) => void,
  ) {
    this.#context = context;
    const { connection, subjects } = context;
    this.#empty = new EmptyRecords((seqs) => {
      for (const seq of seqs) {
        begin(() => removeMessage(connection, subjects.state, seq));
      }
    });
  }

  /** See {@linkcode readRecord}. */
  read<V>(subject: string, options?: RequestOptions): Promise<Stored<V>> {
    return readRecord(this.#context, subject, options);
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
      if (changed === undefined) return;
      if (changed === null && value === undefined) return;
      const written = await this.write(subject, changed, seq, options);
      if (written > 0) {
        if (changed === null) this.#empty.add(subject, written);
        else this.#empty.delete(subject);
        return;
      }
      await this.#context.connection.pause(PAUSE * Math.random(), options);
    }
  }

  /** Removes what is empty. */
  close(): void {
    this.#empty.close();
  }
}

/** Reads a record that all processes of a queue share. */
export async function readRecord<V>(
  { connection, subjects }: QueueContext,
  subject: string,
  options?: RequestOptions,
): Promise<Stored<V>> {
  const found = await findMessage(
    connection,
    subjects.state,
    { last_by_subj: subject },
    { ...options, doubt: 0 },
  );
  if (found === undefined) return { value: undefined, seq: 0 };
  const value = parsed<V | null>(textIn(found)) ?? undefined; // it is empty
  return { value, seq: found.seq };
}

function parsed<V>(text: string): V | undefined {
  try {
    return JSON.parse(text) as V;
  } catch {
    return undefined; // not written by this package
  }
}
