/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { answered, api, ApiError, code } from "../transport/jetstream_api.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Subjects } from "../_subjects.ts";

/** A job as it goes to the servers. */
export interface JobMessage {
  readonly data: Uint8Array;
  readonly headers: Record<string, string>;
}

/**
 * Puts it on the servers, however often the connection is lost: the servers
 * know its id. False where the queue is full.
 */
export async function store(
  link: ReconnectingConnection,
  { todo, jobs }: Subjects,
  { data, headers }: JobMessage,
  options?: WaitOptions,
): Promise<boolean> {
  const asking = {
    headers,
    signal: options?.signal,
    absent: async () => { // is it there at all?
      await api(link, `STREAM.INFO.${jobs}`, undefined, options);
    },
  };
  try {
    const question = { asked: "to take a job", subject: todo, data };
    await answered(link, question, asking);
    return true;
  } catch (error) {
    if (isFull(error)) return false;
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof ApiError && error.code === code.storeFailed &&
    error.message.includes("maximum messages");
}
