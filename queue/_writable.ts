/** @module */
import { detached } from "../tasks/detached.ts";
import type { WaitOptions } from "../tasks/types.ts";

/** The side of a queue that items are put into. */
export interface Sink<T> {
  put(item: T, options?: WaitOptions): Promise<void>;
  shutdown(): void;
}

/** A stream that puts what is written to it into a queue. */
export function writableOf<T>(sink: Sink<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (item, { signal }) => detached(() => sink.put(item, { signal })),
    close: () => sink.shutdown(),
    abort: () => sink.shutdown(),
  });
}
