/** @module */
import type { WaitOptions } from "../../tasks/types.ts";
import { answered, api, ApiError, type ApiReply, code } from "./_api.ts";
import type { Link } from "./_link.ts";
import type { Names } from "./_names.ts";

/** A job as it goes to the servers. */
export interface Parcel {
  readonly data: Uint8Array;
  readonly headers: Record<string, string>;
}

/**
 * Puts it on the servers, however often the connection is lost: the servers
 * know its id. False where the queue is full.
 */
export async function store(
  link: Link,
  { todo, jobs }: Names,
  { data, headers }: Parcel,
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
    await answered(
      "to take a job",
      async () => (await link.ask(todo, data, asking)).json<ApiReply>(),
      (ms) => link.pause(ms, options),
    );
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
